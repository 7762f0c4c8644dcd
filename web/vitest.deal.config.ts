import { defineConfig } from "vitest/config";

// A whole market is started: most of the time goes into its programs.
export default defineConfig({
    test: {
        include: ["tests/deal/**/*.test.ts"],
        pool: "threads",
        maxWorkers: 1,
        testTimeout: 120_000,
        hookTimeout: 120_000,
    },
});
