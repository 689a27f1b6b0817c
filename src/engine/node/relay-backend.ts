/**
 * A worker thread's view of a storage that lives in the coordinating thread: each call becomes a
 * message. Connections, tokens and retries so stay in one place.
 */
import type { Backend, ListedFile } from "#backends/backend.ts";
import { fromWire, toWire, type WireError } from "#base/errors.ts";
import type { FromWorker, RelayedMethod, ToWorker } from "#engine/node/messages.ts";

type Send = (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface RelayBackend extends Backend {
  /** Delivers the answer to an earlier call. */
  answer(call: number, value: unknown, error: WireError | undefined): void;
}

/** The worker's side. */
export function createRelayBackend(
  location: string,
  connections: number,
  send: Send,
): RelayBackend {
  const waiting = new Map<number, Waiting>();
  let next = 0;
  const call = (method: RelayedMethod, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      send({ kind: "relay", call: id, method, args });
    });
  return {
    location,
    connections,
    supports: { listAfterWrite: true, remove: true },
    create: () => call("create", []) as Promise<void>,
    write: (file, parts) => call("write", [file, parts]) as Promise<void>,
    read: (file, options = {}) => {
      const { offset, length, cacheable, fresh } = options;
      return call("read", [file, { offset, length, cacheable, fresh }]) as Promise<Uint8Array>;
    },
    stat: (file) => call("stat", [file]) as Promise<ListedFile | undefined>,
    async *list(type) {
      yield* (await call("list", [type])) as ListedFile[];
    },
    remove: (file) => call("remove", [file]) as Promise<void>,
    close: () => Promise.resolve(),
    answer(id, value, error): void {
      const entry = waiting.get(id);
      waiting.delete(id);
      if (error) entry?.reject(fromWire(error));
      else entry?.resolve(value);
    },
  };
}

/** The coordinating thread's side: makes the call and posts the answer. */
export async function serveRelay(
  backend: Backend,
  message: Extract<FromWorker, { kind: "relay" }>,
  post: (answer: ToWorker) => void,
): Promise<void> {
  const { call } = message;
  try {
    post({ kind: "relayed", call, value: await perform(backend, message) });
  } catch (error) {
    post({ kind: "relayed", call, error: toWire(error) });
  }
}

async function perform(
  backend: Backend,
  { method, args }: Extract<FromWorker, { kind: "relay" }>,
): Promise<unknown> {
  if (method === "list") {
    const files: ListedFile[] = [];
    for await (const file of backend.list(args[0] as never)) files.push(file);
    return files;
  }
  const run = backend[method] as (...values: readonly unknown[]) => Promise<unknown>;
  return run.apply(backend, [...args]);
}
