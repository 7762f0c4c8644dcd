import { defineConfig } from "vitest/config";

// Each file's vectors are read once; one process is enough for tests that take a second.
export default defineConfig({
    test: { include: ["tests/{protocol,job,page}/**/*.test.ts"], pool: "threads", maxWorkers: 1 },
});
