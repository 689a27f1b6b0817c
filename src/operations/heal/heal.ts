/**
 * The `heal` command: compares replicas of one repository without its password, and restores what
 * is damaged or missing in one from another whose bytes have the hash in the file's name.
 *
 * Invariant: no intact file is ever touched; a damaged one is removed only while intact bytes of it
 * are in memory, and what was written is read back.
 */
import type { Backend, FileRef } from "#backends/backend.ts";
import { CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { healConfigs } from "#operations/heal/heal-configs.ts";
import { replaceFile } from "#operations/heal/replace-file.ts";
import {
  forEachBounded,
  HASHED_TYPES,
  type HashedType,
  listSizes,
  readVerified,
  type Sha256,
} from "#operations/replicate/stored-file.ts";

export interface HealOptions {
  /** Report only. */
  readonly dryRun: boolean;
  /** False: compare names and sizes only, and read nothing that agrees. Default true. */
  readonly readAll?: boolean;
  /** Leave files alone that a replica does not have: they may have been removed on purpose. */
  readonly onlyDamaged?: boolean;
}

export type Ailment = "damaged" | "missing" | "unreadable";

/** `replica` is the number of the replica in the order given. */
export type HealEvent =
  | { readonly kind: "checked"; readonly files: number; readonly total: number }
  | {
      readonly kind: "found" | "healed";
      readonly replica: number;
      readonly file: FileRef;
      readonly ailment: Ailment;
      /** The replica that has it intact; undefined when none has. */
      readonly from: number | undefined;
    }
  /** No replica has it intact. */
  | { readonly kind: "lost"; readonly file: FileRef }
  | {
      readonly kind: "failed";
      readonly replica: number;
      readonly file: FileRef;
      readonly error: CofferError;
    };

export interface HealResult {
  readonly files: number;
  readonly bytesRead: number;
  /** Damaged, unreadable or missing copies. */
  readonly found: number;
  readonly healed: number;
  /** Files of which no replica has intact bytes. */
  readonly lost: number;
  readonly failed: number;
}

/** Files looked at side by side; each holds at most two packs in memory. */
const LANES = 4;

/** Restored in the order in which a repository stays sound. */
interface Place extends FileRef {
  readonly type: HashedType;
  /** Size by replica; undefined where it is missing. */
  readonly sizes: readonly (number | undefined)[];
}

/**
 * Heals two or more replicas.
 * @throws BAD_OPTION for fewer than two, REPOSITORY_EXISTS when they are no replicas of one
 *   repository, storage errors of listings
 */
export async function heal(
  replicas: readonly Backend[],
  sha256: Sha256,
  options: HealOptions,
  context: OperationContext<HealEvent> = {},
): Promise<HealResult> {
  if (replicas.length < 2)
    throw new CofferError("BAD_OPTION", "Healing needs two replicas or more");
  const run = new Healing(replicas, sha256, options, context);
  const lists = new Map<HashedType, readonly Place[]>();
  // Snapshots are listed first: what they need is then in the later listings.
  for (const type of HASHED_TYPES.toReversed()) lists.set(type, await run.list(type));
  const total = [...lists.values()].reduce((sum, places) => sum + places.length, 1);
  const keys = lists.get("key")!;
  const config = await healConfigs(replicas, keys, options, context);
  run.add(config, total);
  for (const type of HASHED_TYPES) {
    await forEachBounded(lists.get(type)!, run.lanes, (place) => run.file(place, total));
  }
  return run.counts;
}

class Healing {
  readonly counts = { files: 0, bytesRead: 0, found: 0, healed: 0, lost: 0, failed: 0 };
  readonly lanes: number;
  readonly #replicas: readonly Backend[];
  readonly #sha256: Sha256;
  readonly #options: HealOptions;
  readonly #context: OperationContext<HealEvent>;

  constructor(
    replicas: readonly Backend[],
    sha256: Sha256,
    options: HealOptions,
    context: OperationContext<HealEvent>,
  ) {
    this.#replicas = replicas;
    this.#sha256 = sha256;
    this.#options = options;
    this.#context = context;
    this.lanes = Math.min(LANES, ...replicas.map((replica) => replica.connections));
  }

  /** Every file that any replica lists. */
  async list(type: HashedType): Promise<Place[]> {
    const { signal } = this.#context;
    const lists = await Promise.all(
      this.#replicas.map((each) => listSizes(each, type, { signal })),
    );
    const names = new Set(lists.flatMap((list) => [...list.keys()]));
    return [...names]
      .toSorted()
      .map((name) => ({ type, name, sizes: lists.map((list) => list.get(name)) }));
  }

  add(part: Partial<HealResult>, total: number): void {
    this.counts.files++;
    this.counts.found += part.found ?? 0;
    this.counts.healed += part.healed ?? 0;
    this.counts.lost += part.lost ?? 0;
    this.counts.failed += part.failed ?? 0;
    this.#context.progress?.({ kind: "checked", files: this.counts.files, total });
  }

  async file(place: Place, total: number): Promise<void> {
    throwIfAborted(this.#context.signal);
    const file: FileRef = { type: place.type, name: place.name };
    const ill = await this.#examine(file, place.sizes);
    if (ill.ailments.size > 0) await this.#treat(file, ill);
    this.counts.files++;
    this.#context.progress?.({ kind: "checked", files: this.counts.files, total });
  }

  async #examine(file: FileRef, sizes: readonly (number | undefined)[]): Promise<Diagnosis> {
    const ailments = new Map<number, Ailment>();
    let good: { replica: number; bytes: Uint8Array } | undefined;
    const agree = sizes.every((size) => size === sizes[0]);
    if (this.#options.readAll === false && agree) return { ailments, good };
    for (const [replica, size] of sizes.entries()) {
      if (size === undefined) {
        if (!this.#options.onlyDamaged) ailments.set(replica, "missing");
        continue;
      }
      const answer = await this.#read(replica, file);
      if (answer instanceof Uint8Array) good ??= { replica, bytes: answer };
      else if (answer !== "gone") ailments.set(replica, answer);
    }
    // Everyone who has it, has it intact, or it is gone everywhere: nothing to restore it from.
    if (!good && [...ailments.values()].every((ailment) => ailment === "missing")) ailments.clear();
    return { ailments, good };
  }

  async #read(replica: number, file: FileRef): Promise<Uint8Array | Ailment | "gone"> {
    const { signal } = this.#context;
    const backend = this.#replicas[replica]!;
    try {
      const bytes = await readVerified(backend, file, this.#sha256, { signal });
      this.counts.bytesRead += bytes.length;
      return bytes;
    } catch (error) {
      if (isCorruption(error)) return "damaged";
      // Removed by its owner since the listing, as by a prune.
      if (isCofferError(error, "NOT_FOUND")) return "gone";
      if (!isCofferError(error, "STORAGE_FAILED", "DENIED")) throw error;
      this.#fail(replica, file, error);
      return "unreadable";
    }
  }

  async #treat(file: FileRef, { ailments, good }: Diagnosis): Promise<void> {
    const from = good?.replica;
    for (const [replica, ailment] of ailments) {
      this.counts.found++;
      this.#context.progress?.({ kind: "found", replica, file, ailment, from });
    }
    if (!good) {
      this.counts.lost++;
      this.#context.progress?.({ kind: "lost", file });
      return;
    }
    if (this.#options.dryRun) return;
    for (const [replica, ailment] of ailments) {
      // A storage that fails to read is not trusted with a removal.
      if (ailment === "unreadable") continue;
      if (!(await this.#restore(replica, file, ailment, good.bytes))) continue;
      this.counts.healed++;
      this.#context.progress?.({ kind: "healed", replica, file, ailment, from });
    }
  }

  async #restore(
    replica: number,
    file: FileRef,
    ailment: Ailment,
    bytes: Uint8Array,
  ): Promise<boolean> {
    const { signal } = this.#context;
    const backend = this.#replicas[replica]!;
    try {
      await replaceFile(backend, file, bytes, ailment === "damaged", signal);
      await readVerified(backend, file, this.#sha256, { signal });
      return true;
    } catch (error) {
      if (!isCofferError(error) || isCofferError(error, "ABORTED", "INTERNAL")) throw error;
      this.#fail(replica, file, error);
      return false;
    }
  }

  #fail(replica: number, file: FileRef, error: CofferError): void {
    this.counts.failed++;
    this.#context.progress?.({ kind: "failed", replica, file, error });
  }
}

/** What is wrong with one file, by replica, and intact bytes of it. */
interface Diagnosis {
  readonly ailments: ReadonlyMap<number, Ailment>;
  readonly good: { readonly replica: number; readonly bytes: Uint8Array } | undefined;
}
