/** Opens the storage that a location names, and says how worker threads reach it. */
import { parseAvailableLocation } from "#backends/location.ts";
import { openLocal } from "#backends/node/local.ts";
import type { Backend } from "#backends/backend.ts";
import { CofferError } from "#base/errors.ts";
import type { WorkerStorage } from "#engine/node/messages.ts";
import { createTrafficGate, gatedBackend } from "#repository/traffic-gate.ts";
import type { Primitives } from "#repository/primitives.ts";

export interface OpenedStorage {
  readonly backend: Backend;
  readonly workers: WorkerStorage;
}

/**
 * @param gate holds every call but those of locks while the lock is in doubt
 * @throws BAD_LOCATION, UNSUPPORTED for a scheme that is not there yet, DENIED, STORAGE_FAILED
 */
export async function openStorage(
  text: string,
  primitives: Primitives,
  onWarning: (message: string) => void,
  gate = createTrafficGate(),
): Promise<OpenedStorage> {
  const location = parseAvailableLocation(text);
  if (location.scheme !== "local") {
    throw new CofferError("UNSUPPORTED", `Storage of kind ${location.scheme} is not available yet`);
  }
  const { clock, random } = primitives;
  const local = await openLocal({ root: location.path, clock, random, onWarning });
  const place = { root: local.root, modes: local.modes };
  const backend = gatedBackend(local, gate);
  return { backend, workers: { kind: "local", place, gate: gate.memory } };
}
