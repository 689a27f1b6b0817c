/** Entry of a worker thread: waits for a repository, then runs tasks on it. */
import { enableCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { toWire } from "#base/errors.ts";
import { preloadTasks } from "#engine/task-registry.ts";
import { WorkerSession } from "#engine/node/worker-session.ts";
import type { FromWorker, ToWorker } from "#engine/node/messages.ts";

enableCompileCache?.();

const port = parentPort!;
const send = (message: FromWorker): void => port.postMessage(message);
let session: WorkerSession | undefined;

const { operation } = workerData as { operation?: string };
// A failure shows again, with its own error, when the first task is run.
if (operation !== undefined) preloadTasks(operation).catch(() => undefined);

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "attach":
      session = new WorkerSession(message, send);
      break;
    case "run":
      void run(message.run, message.task, message.input);
      break;
    case "relayed":
      session?.relay?.answer(message.call, message.value, message.error);
      break;
    case "close":
      // Ends this thread, not the process.
      process.exit();
  }
});

async function run(id: number, task: string, input: unknown): Promise<void> {
  try {
    send({ kind: "done", run: id, output: await session!.run(task, input) });
  } catch (error) {
    send({ kind: "failed", run: id, error: toWire(error) });
  }
}
