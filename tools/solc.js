// The npm build of solc behind the part of the native compiler's command line that is in use:
// `--standard-json` from stdin to stdout. Sources not in the input are read from the working
// directory. Other flags (`--allow-paths`) are ignored: the compiler only reads.
"use strict";

const fs = require("node:fs");
const solc = require("solc");

if (!process.argv.includes("--standard-json")) {
  console.error("solc launcher: only --version and --standard-json are supported");
  process.exit(1);
}

function readImport(path) {
  try {
    return { contents: fs.readFileSync(path, "utf8") };
  } catch (error) {
    return { error: error.message };
  }
}

process.stdout.write(solc.compile(fs.readFileSync(0, "utf8"), { import: readImport }));
