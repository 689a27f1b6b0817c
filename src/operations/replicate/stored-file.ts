/**
 * Raw files of a repository without its password: all but the config are named by the SHA-256 of
 * their bytes, so that anyone can tell a damaged one (docs/format.md, section 1).
 */
import type { Backend, FileRef, FileType } from "#backends/backend.ts";
import { describeFile } from "#backends/backend.ts";
import { toHex } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";

/** SHA-256 of the bytes, 32 bytes: all of cryptography that raw files need. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Types whose files are named by their hash, in the order in which a copy stays usable. */
export const HASHED_TYPES = ["key", "pack", "index", "snapshot"] as const;
export type HashedType = (typeof HASHED_TYPES)[number];

/** The one file without a hash in its name. */
export const CONFIG: FileRef = { type: "config", name: "config" };

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file that have the hash in its name; read a second time when the first answer is
 * wrong. The bytes are the caller's; memory is the file.
 * @throws BAD_HASH when both answers are wrong, and storage errors
 */
export async function readVerified(
  backend: Backend,
  file: FileRef,
  sha256: Sha256,
  { signal }: Cancel = {},
): Promise<Uint8Array> {
  const first = await backend.read(file, { signal });
  if (isIntact(file, first, sha256)) return first;
  const second = await backend.read(file, { signal, fresh: true });
  if (isIntact(file, second, sha256)) return second;
  throw new CofferError(
    "BAD_HASH",
    `The ${describeFile(file)} does not have the hash in its name`,
    {
      data: { file: file.name, fileType: file.type, size: second.length },
    },
  );
}

/** The config's bytes, or undefined where there is none. @throws storage errors, SHORT_READ */
export async function readConfig(
  backend: Backend,
  options: Cancel & { readonly fresh?: boolean } = {},
): Promise<Uint8Array | undefined> {
  try {
    return await backend.read(CONFIG, options);
  } catch (error) {
    if (isCofferError(error, "NOT_FOUND", "NO_REPOSITORY")) return undefined;
    throw error;
  }
}

/** Whether the bytes are those that the file was made of. */
export function isIntact(file: FileRef, bytes: Uint8Array, sha256: Sha256): boolean {
  return toHex(sha256(bytes)) === file.name;
}

/** Names and sizes of all files of a type; none where nothing is at all. One listing. */
export async function listSizes(
  backend: Backend,
  type: FileType,
  { signal }: Cancel = {},
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  try {
    for await (const { name, size } of backend.list(type, { signal })) sizes.set(name, size);
  } catch (error) {
    if (!isCofferError(error, "NO_REPOSITORY")) throw error;
  }
  return sizes;
}

/** Runs a job for each item, at most `lanes` at once; after a failure no more are started. */
export async function forEachBounded<T>(
  items: readonly T[],
  lanes: number,
  job: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (!failed && next < items.length) {
      try {
        await job(items[next++]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const count = Math.max(1, Math.min(lanes, items.length));
  const results = await Promise.allSettled(Array.from({ length: count }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
