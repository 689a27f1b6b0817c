/** One worker thread's opened repository and its tasks. */
import type { Backend } from "#backends/backend.ts";
import { findTask } from "#engine/task-registry.ts";
import { SerialQueue } from "#engine/serial-queue.ts";
import { createLocalSink, WorkerLocalBackend } from "#engine/node/local-storage.ts";
import type { FromWorker, ToWorker } from "#engine/node/messages.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { createNodePlatform } from "#engine/node/node-platform.ts";
import { createRelayBackend, type RelayBackend } from "#engine/node/relay-backend.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import { createBufferedSink, type PackSink } from "#repository/pack-sink.ts";
import { createTrafficGate } from "#repository/traffic-gate.ts";
import type { TaskContext } from "#repository/task-pool.ts";

export class WorkerSession {
  /** Present when storage calls go through the coordinating thread. */
  readonly relay: RelayBackend | undefined;
  readonly #context: TaskContext;
  readonly #queue = new SerialQueue();

  constructor(attach: Extract<ToWorker, { kind: "attach" }>, send: (message: FromWorker) => void) {
    const primitives = createNodePrimitives();
    let backend: Backend;
    let packSink: PackSink;
    if (attach.storage.kind === "local") {
      const { place, gate: memory } = attach.storage;
      const gate = createTrafficGate(memory);
      backend = new WorkerLocalBackend(place, primitives, gate);
      packSink = createLocalSink(place, primitives, gate);
    } else {
      this.relay = createRelayBackend("the repository", 4, send);
      backend = this.relay;
      packSink = createBufferedSink(backend);
    }
    const emit = (event: unknown): void => send({ kind: "event", event });
    this.#context = {
      repository: new OpenedRepository(backend, primitives, attach.seed),
      platform: createNodePlatform(attach.source, emit),
      packSink,
      state: new Map(),
      emit,
    };
  }

  async run(name: string, input: unknown): Promise<unknown> {
    const task = await findTask(name);
    if (!task.serial) return task.run(this.#context, input);
    return this.#queue.run(() => task.run(this.#context, input));
  }
}
