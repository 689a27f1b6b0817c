/**
 * Runs after `npm ci` in a checkout: bundles the program so that it starts fast. Plain JavaScript, and
 * content to do nothing, since it may meet an old Node and an installation without the build tools.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [major = 0] = process.versions.node.split(".").map(Number);
const build = fileURLToPath(new URL("build.ts", import.meta.url));

function hasBundler() {
  try {
    import.meta.resolve("rolldown");
    return true;
  } catch {
    return false;
  }
}

if (major < 24 || !hasBundler()) {
  process.stdout.write("No bundle is made: bin/coffer runs from src/, which starts slower.\n");
} else {
  process.exitCode = spawnSync(process.execPath, [build], { stdio: "inherit" }).status ?? 1;
}
