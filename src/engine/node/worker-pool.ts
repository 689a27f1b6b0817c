/**
 * A task pool over Node's worker threads. Threads start at once, so that their start-up overlaps
 * with deriving the key; tasks run after {@link NodePool.attach}. A thread that dies fails every
 * task: the operation then ends without a success (F10).
 */
import { Worker } from "node:worker_threads";
import type { Backend } from "#backends/backend.ts";
import { CofferError, fromWire, messageOf } from "#base/errors.ts";
import type { FromWorker, SourceOptions, ToWorker, WorkerStorage } from "#engine/node/messages.ts";
import { serveRelay } from "#engine/node/relay-backend.ts";
import { workerUrl } from "#engine/node/worker-url.ts";
import type { RepositorySeed } from "#repository/opened-repository.ts";
import type { Task, TaskPool } from "#repository/task-pool.ts";

interface Run {
  readonly thread: number;
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

/** A thread that has not ended by then is stuck: no single piece of work takes as long. */
const STUCK_AFTER_MS = 5_000;

export class NodePool implements TaskPool {
  readonly #workers: Worker[] = [];
  readonly #load: number[] = [];
  readonly #runs = new Map<number, Run>();
  readonly #listeners = new Set<(event: unknown, thread: number) => void>();
  #backend: Backend | undefined;
  #next = 0;
  #failure: CofferError | undefined;
  #closing = false;

  /** @param operation whose tasks the threads load while nothing else is to be done */
  constructor(size: number, operation?: string) {
    for (let thread = 0; thread < size; thread++) {
      const worker = new Worker(workerUrl(), {
        workerData: { operation },
        // Backing up 200,000 small files: 262 MB at 16, 240 at 8, 228 at 4, for 3 % more time.
        resourceLimits: { maxYoungGenerationSizeMb: 4 },
        // Descriptors opened by native calls are closed by Node's fs, which would warn about each.
        trackUnmanagedFds: false,
        stdout: false,
        stderr: false,
      });
      worker.on("message", (message: FromWorker) => this.#receive(thread, message));
      worker.on("error", (error) => this.#fail(messageOf(error), error));
      worker.on("exit", (code) => {
        if (!this.#closing) this.#fail(`it ended with code ${code}`, undefined);
      });
      worker.unref();
      this.#workers.push(worker);
      this.#load.push(0);
    }
  }

  get size(): number {
    return this.#workers.length;
  }

  /**
   * Gives every thread the opened repository. `backend` serves threads that cannot reach the
   * storage.
   */
  attach(
    seed: RepositorySeed,
    storage: WorkerStorage,
    source: SourceOptions,
    backend: Backend,
  ): void {
    this.#backend = backend;
    for (const worker of this.#workers) {
      worker.postMessage({ kind: "attach", seed, storage, source } satisfies ToWorker);
    }
  }

  run<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    options: { thread?: number; transfer?: readonly ArrayBuffer[] } = {},
  ): Promise<Output> {
    if (this.#failure) return Promise.reject(this.#failure);
    const thread = options.thread ?? this.#idlest();
    const worker = this.#workers[thread]!;
    const run = this.#next++;
    if (this.#load[thread]! === 0) worker.ref();
    this.#load[thread]! += 1;
    return new Promise<Output>((resolve, reject) => {
      this.#runs.set(run, { thread, resolve: resolve as (output: unknown) => void, reject });
      const message: ToWorker = { kind: "run", run, task: task.name, input };
      worker.postMessage(message, (options.transfer ?? []) as ArrayBuffer[]);
    });
  }

  listen(listener: (event: unknown, thread: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#workers.map(endThread));
  }

  #idlest(): number {
    let best = 0;
    for (let i = 1; i < this.#load.length; i++) if (this.#load[i]! < this.#load[best]!) best = i;
    return best;
  }

  #receive(thread: number, message: FromWorker): void {
    switch (message.kind) {
      case "done":
        this.#take(message.run)?.resolve(message.output);
        break;
      case "failed":
        this.#take(message.run)?.reject(fromWire(message.error));
        break;
      case "event":
        for (const listener of this.#listeners) listener(message.event, thread);
        break;
      case "relay": {
        const post = (answer: ToWorker): void => this.#workers[thread]!.postMessage(answer);
        void serveRelay(this.#backend!, message, post);
        break;
      }
    }
  }

  #take(id: number): Run | undefined {
    const run = this.#runs.get(id);
    if (!run) return undefined;
    this.#runs.delete(id);
    this.#load[run.thread]! -= 1;
    if (this.#load[run.thread] === 0) this.#workers[run.thread]!.unref();
    return run;
  }

  #fail(reason: string, cause: unknown): void {
    this.#failure ??= new CofferError("INTERNAL", `A worker thread failed: ${reason}`, { cause });
    for (const id of this.#runs.keys()) this.#take(id)?.reject(this.#failure);
  }
}

/**
 * Ends a thread between two pieces of its work. Terminating it at once would abort the whole
 * process when it is just loading native code.
 */
async function endThread(worker: Worker): Promise<void> {
  // It has ended already.
  if (worker.threadId === -1) return;
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.postMessage({ kind: "close" } satisfies ToWorker);
  const timer = setTimeout(() => void worker.terminate(), STUCK_AFTER_MS);
  await ended;
  clearTimeout(timer);
}
