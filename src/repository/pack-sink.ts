/** Where packs go while they grow. Threads get one made for the storage at hand. */
import type { Backend } from "#backends/backend.ts";
import { CofferError } from "#base/errors.ts";
import { toHex } from "#base/bytes.ts";

/** One growing pack file. */
export interface PackFile {
  /** Takes a copy of the bytes, or writes them out, before it returns. */
  append(bytes: Uint8Array): void;
  /** Makes the file durable under its name (32-byte id). Nothing may be appended afterwards. */
  finish(id: Uint8Array): Promise<void>;
  /** Drops the file. Safe after a failed {@link finish}. */
  abort(): void;
}

export interface PackSink {
  open(): PackFile;
}

/**
 * Collects a pack in memory, at most one pack's size, and uploads it whole: right for remote
 * storage.
 */
export function createBufferedSink(backend: Backend, signal?: AbortSignal): PackSink {
  return {
    open(): PackFile {
      let parts: Uint8Array[] = [];
      return {
        append(bytes): void {
          parts.push(bytes.slice());
        },
        async finish(id): Promise<void> {
          const whole = parts;
          parts = [];
          const options = { signal };
          await backend.write({ type: "pack", name: toHex(id) }, whole, options);
        },
        abort(): void {
          parts = [];
        },
      };
    },
  };
}

/** Swallows packs: the sink of a dry run. */
export function createDiscardingSink(): PackSink {
  return {
    open(): PackFile {
      return { append: discard, finish: () => Promise.resolve(), abort: discard };
    },
  };
}

function discard(): void {
  // A dry run stores nothing.
}

/** The pack's file could not be stored; names the pack and keeps the storage's own code. */
export function packFailure(id: Uint8Array, cause: unknown): CofferError {
  const code = cause instanceof CofferError ? cause.code : "STORAGE_FAILED";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CofferError(code, `Cannot store pack ${toHex(id, 0, 4)}: ${reason}`, { cause });
}
