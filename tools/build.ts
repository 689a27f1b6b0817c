/**
 * Bundles the command line, the library and the worker thread into dist/, so that starting costs
 * few files. The program also runs from src/ without it; see bin/coffer.
 */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "rolldown";

/** Commander loads it for subcommands that are programs of their own; ours are not. Saves 4 ms. */
const withoutChildProcess: Plugin = {
  name: "without-child-process",
  resolveId(source, importer) {
    const fromCommander = importer?.includes("/node_modules/commander/") === true;
    return source === "node:child_process" && fromCommander ? "\0no-child-process" : null;
  },
  load: (id) => (id === "\0no-child-process" ? "export default {};" : null),
};

const root = join(import.meta.dirname, "..");
const out = join(root, "dist");

rmSync(out, { recursive: true, force: true });
await build({
  cwd: root,
  input: {
    coffer: "src/cli/main.ts",
    worker: "src/engine/node/worker.ts",
    index: "src/index.ts",
  },
  platform: "node",
  // Native code finds its own files; it stays where npm put it.
  external: ["koffi"],
  logLevel: "warn",
  onLog(level, log, report) {
    // Left to itself the bundler takes a missing file for something that will be there later.
    if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
    report(level, log);
  },
  plugins: [withoutChildProcess],
  output: {
    dir: out,
    format: "esm",
    // The engine finds its worker as ./worker.js beside whichever chunk starts it.
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    minify: false,
    sourcemap: true,
    // Backtraces name functions of the sources.
    keepNames: true,
  },
});
const { size } = statSync(join(out, "coffer.js"));
process.stdout.write(`built dist/coffer.js (${size} bytes)\n`);
