/** Builds the desk into the gateway's package, where it is served at /desk under a strict content security policy. */
import { defineConfig } from "vite";

export default defineConfig({
  base: "/desk/",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // The policy forbids data: addresses and inline script, so nothing is inlined and nothing is polyfilled inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
});
