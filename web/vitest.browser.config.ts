import { defineConfig } from "vitest/config";

// One browser at a time: what a machine of two cores bears.
export default defineConfig({
    test: {
        include: ["tests/browser/**/*.test.ts"],
        pool: "threads",
        maxWorkers: 1,
        fileParallelism: false,
        testTimeout: 60_000,
        hookTimeout: 120_000,
    },
});
