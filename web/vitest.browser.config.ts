import { defineConfig } from "vitest/config";

// Two at a time: one waits for blocks while the other draws.
export default defineConfig({
    test: {
        include: ["tests/browser/**/*.test.ts"],
        globalSetup: "tests/browser/chain/shared.ts",
        pool: "threads",
        maxWorkers: 2,
        testTimeout: 120_000,
        hookTimeout: 180_000,
    },
});
