/** Builds the desk and the phone into the gateway's package, where they are served under a strict content security policy. */
import { defineConfig } from "vite";

const WORKER = "worker";

export default defineConfig({
  base: "/desk/",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // The policy forbids data: addresses and inline script, so nothing is inlined and nothing is polyfilled inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: {
      input: { index: "index.html", phone: "phone.html", [WORKER]: "src/phone/worker.ts" },
      output: {
        // A service worker keeps its address; everything else carries a digest of its contents in its name.
        entryFileNames: (chunk) => (chunk.name === WORKER ? "phone/worker.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
});
