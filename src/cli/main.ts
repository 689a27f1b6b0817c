/** Entry point of the command line. Loads little, so that `coffer version` answers at once. */
import { enableCompileCache } from "node:module";

enableCompileCache();
const { createNodeIo } = await import("#cli/node-io.ts");
const { runCli } = await import("#cli/run-cli.ts");

const io = createNodeIo();
process.exitCode = await runCli(process.argv.slice(2), io, async () => {
  const { createNodeEngine } = await import("#cli/engine-node.ts");
  return createNodeEngine(io);
});
await io.finish();
