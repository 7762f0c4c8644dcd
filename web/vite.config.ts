import { defineConfig } from "vite";

/** Built into the Python package, from which the relay serves it. */
export default defineConfig({
    build: {
        outDir: "../suanli/relay/server/built_page",
        emptyOutDir: true,
        target: "es2022",
        cssTarget: ["chrome123", "firefox121", "safari17.5"],
        // Nothing inline: the content security policy refuses `data:` in styles and scripts.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 700,
    },
    worker: { format: "es" },
});
