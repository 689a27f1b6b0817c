/** Puts intact bytes where damaged ones are, or none. */
import type { Backend, FileRef } from "#backends/backend.ts";

/** Storages never overwrite: a damaged file is taken away first. */
export async function replaceFile(
  backend: Backend,
  file: FileRef,
  bytes: Uint8Array,
  remove: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Interrupted between the two, the file is missing, and the next run restores it.
  if (remove) await backend.remove(file, { signal });
  else await backend.create({ signal });
  await backend.write(file, [bytes]);
}
