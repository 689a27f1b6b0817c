/** Opens the storage that a location names, and says how worker threads reach it. */
import { parseAvailableLocation } from "#backends/location.ts";
import { openLocal } from "#backends/node/local.ts";
import type { Backend } from "#backends/backend.ts";
import { CofferError } from "#base/errors.ts";
import type { WorkerStorage } from "#engine/node/messages.ts";
import type { Primitives } from "#repository/primitives.ts";

export interface OpenedStorage {
  readonly backend: Backend;
  readonly workers: WorkerStorage;
}

/** @throws BAD_LOCATION, UNSUPPORTED for a scheme that is not there yet, DENIED, STORAGE_FAILED */
export async function openStorage(
  text: string,
  primitives: Primitives,
  onWarning: (message: string) => void,
): Promise<OpenedStorage> {
  const location = parseAvailableLocation(text);
  if (location.scheme !== "local") {
    throw new CofferError("UNSUPPORTED", `Storage of kind ${location.scheme} is not available yet`);
  }
  const { clock, random } = primitives;
  const backend = await openLocal({ root: location.path, clock, random, onWarning });
  const place = { root: backend.root, modes: backend.modes };
  return { backend, workers: { kind: "local", place } };
}
