/** What passes between the coordinating thread and a worker thread. */
import type { WireError } from "#base/errors.ts";
import type { LocalPlace } from "#engine/node/local-storage.ts";
import type { RepositorySeed } from "#repository/opened-repository.ts";

/** How a worker reaches the storage by itself. */
export type WorkerStorage =
  | {
      readonly kind: "local";
      readonly place: LocalPlace;
      /** Of the traffic gate, which stops every thread while the lock is in doubt. */
      readonly gate: SharedArrayBuffer;
    }
  | { readonly kind: "relay" };

export interface SourceOptions {
  readonly withAtime: boolean;
}

export type ToWorker =
  | {
      readonly kind: "attach";
      readonly seed: RepositorySeed;
      readonly storage: WorkerStorage;
      readonly source: SourceOptions;
    }
  | { readonly kind: "run"; readonly run: number; readonly task: string; readonly input: unknown }
  /** Answer to a relayed storage call. */
  | {
      readonly kind: "relayed";
      readonly call: number;
      readonly value?: unknown;
      readonly error?: WireError;
    }
  /** End, between two pieces of work. */
  | { readonly kind: "close" };

export type FromWorker =
  | { readonly kind: "done"; readonly run: number; readonly output: unknown }
  | { readonly kind: "failed"; readonly run: number; readonly error: WireError }
  | { readonly kind: "event"; readonly event: unknown }
  /** A storage call for the coordinating thread to make. */
  | {
      readonly kind: "relay";
      readonly call: number;
      readonly method: RelayedMethod;
      readonly args: readonly unknown[];
    };

export type RelayedMethod = "write" | "read" | "stat" | "remove" | "list" | "create";
