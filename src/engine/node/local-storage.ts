/**
 * A worker thread's own way to a local repository: synchronous, without a trip through other
 * threads.
 */
import type { FileRef, ReadOptions } from "#backends/backend.ts";
import { LocalBackend } from "#backends/node/local.ts";
import { openPackFile } from "#backends/node/local-pack-file.ts";
import { LocalPackReader } from "#backends/node/local-pack-reader.ts";
import type { LocalModes } from "#backends/node/local-publish.ts";
import { toHex } from "#base/bytes.ts";
import type { Primitives } from "#repository/primitives.ts";
import type { PackSink } from "#repository/pack-sink.ts";
import type { TrafficGate } from "#repository/traffic-gate.ts";

/** Where a local repository lies and how its files are made. Structured-cloneable. */
export interface LocalPlace {
  readonly root: string;
  readonly modes: LocalModes;
}

/**
 * Packs go to the disk while they grow; none becomes part of the repository while the lock is in
 * doubt.
 */
export function createLocalSink(
  place: LocalPlace,
  primitives: Primitives,
  gate: TrafficGate,
): PackSink {
  return {
    open() {
      const { modes, root } = place;
      // The pack writer stages 512 KiB itself: gathering more here would only copy.
      const file = openPackFile(root, { modes, random: primitives.random, buffer: NO_BUFFER });
      return {
        append: (bytes) => file.append(bytes),
        async finish(id): Promise<void> {
          await gate.pass();
          await file.finish(toHex(id));
        },
        abort: () => file.abort(),
      };
    },
  };
}

const NO_BUFFER = new Uint8Array(0);

/** The local storage, ranges of packs read at once. */
export class WorkerLocalBackend extends LocalBackend {
  readonly #packs: LocalPackReader;
  readonly #gate: TrafficGate;

  constructor(place: LocalPlace, primitives: Primitives, gate: TrafficGate) {
    const { clock, random } = primitives;
    super({ root: place.root, clock, random }, place.modes);
    this.#packs = new LocalPackReader(place.root);
    this.#gate = gate;
  }

  override read(file: FileRef, options: ReadOptions = {}): Promise<Uint8Array> {
    const frozen = this.#gate.pass(options.signal);
    if (frozen) return frozen.then(() => this.read(file, options));
    const { offset, length, into } = options;
    if (file.type !== "pack" || offset === undefined || length === undefined) {
      return super.read(file, options);
    }
    try {
      return Promise.resolve(this.#packs.read(file.name, offset, length, into));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
