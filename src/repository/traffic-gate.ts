/**
 * Holds back all storage traffic but that of locks while it is unsure whether the lock of this
 * process still stands (docs/format.md, section 12). One word of shared memory, so that every
 * thread of the process stops at once: a suspended laptop must not delete or write beside another's
 * exclusive lock.
 */
import type { Backend, CallOptions } from "#backends/backend.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";

const OPEN = 0;
const FROZEN = 1;
const LOST = 2;

/** States of the gate; see {@link createTrafficGate}. */
export interface TrafficGate {
  /** Undefined while open; while frozen a promise of the thaw. @throws LOCK_LOST, ABORTED */
  pass(signal?: AbortSignal): Promise<void> | undefined;
  freeze(): void;
  thaw(): void;
  /** For good: every later {@link pass} throws LOCK_LOST. */
  close(): void;
  /** Memory to hand to other threads; they make their gate from it. */
  readonly memory: SharedArrayBuffer;
}

/** A gate over fresh memory, or over the memory of another thread's gate. */
export function createTrafficGate(memory = new SharedArrayBuffer(4)): TrafficGate {
  const word = new Int32Array(memory);
  const set = (state: number): void => {
    Atomics.store(word, 0, state);
    Atomics.notify(word, 0);
  };
  const waitForThaw = async (signal: AbortSignal | undefined): Promise<void> => {
    for (;;) {
      throwIfAborted(signal);
      const state = Atomics.load(word, 0);
      if (state === OPEN) return;
      if (state === LOST) throw lost();
      // Bounded, so that a fired signal is seen even when nobody thaws.
      const waiting = Atomics.waitAsync(word, 0, FROZEN, 250);
      if (waiting.async) await waiting.value;
    }
  };
  return {
    memory,
    pass: (signal) => (Atomics.load(word, 0) === OPEN ? undefined : waitForThaw(signal)),
    // A lost lock never comes back, so only the other two states change into each other.
    freeze: () => void Atomics.compareExchange(word, 0, OPEN, FROZEN),
    thaw: () => {
      if (Atomics.compareExchange(word, 0, FROZEN, OPEN) === FROZEN) Atomics.notify(word, 0);
    },
    close: () => set(LOST),
  };
}

function lost(): CofferError {
  return new CofferError("LOCK_LOST", "The lock was lost; nothing more is read or written");
}

/** The same storage, with every call that is not about a lock passing through the gate first. */
export function gatedBackend(inner: Backend, gate: TrafficGate): Backend {
  const pass = async (type: string, options: CallOptions | undefined): Promise<void> => {
    if (type !== "lock") await gate.pass(options?.signal);
  };
  return {
    location: inner.location,
    connections: inner.connections,
    supports: inner.supports,
    create: async (options) => {
      await gate.pass(options?.signal);
      await inner.create(options);
    },
    write: async (file, parts, options) => {
      await pass(file.type, options);
      await inner.write(file, parts, options);
    },
    read: async (file, options) => {
      await pass(file.type, options);
      return inner.read(file, options);
    },
    stat: async (file, options) => {
      await pass(file.type, options);
      return inner.stat(file, options);
    },
    list: async function* (type, options) {
      await pass(type, options);
      yield* inner.list(type, options);
    },
    remove: async (file, options) => {
      await pass(file.type, options);
      await inner.remove(file, options);
    },
    close: () => inner.close(),
  };
}
