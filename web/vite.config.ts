import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The daemon serves what lies in this folder of its package; it is built, never committed.
const OUTPUT = "../runicornd/gateway/static";

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    target: "es2022",
    // The daemon's content security policy forbids data: URLs and inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/lib/testing/setup.ts"],
    restoreMocks: true,
  },
}));
