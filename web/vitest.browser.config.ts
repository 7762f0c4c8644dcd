import { defineConfig } from "vitest/config";

// Whole cases take minutes, on a chain of their own.
const DEEP = "tests/browser/case.test.ts";

// Two at a time: one waits for blocks while the other draws.
export default defineConfig({
    test: {
        include: process.env.DEEP ? [DEEP] : ["tests/browser/**/*.test.ts"],
        exclude: process.env.DEEP ? [] : [DEEP],
        globalSetup: process.env.DEEP ? [] : "tests/browser/chain/shared.ts",
        pool: "threads",
        maxWorkers: 2,
        testTimeout: 120_000,
        hookTimeout: 180_000,
    },
});
