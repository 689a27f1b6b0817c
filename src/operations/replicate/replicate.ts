/**
 * The `replicate` command: mirrors a repository to another storage as raw, encrypted files, without
 * its password. Every file is checked against the hash in its name on the way.
 *
 * Invariant: at every moment the mirror is a sound repository, an older state of the source. Files
 * arrive as keys, config, packs, indexes, snapshots, and leave in the opposite order; nothing
 * leaves unless everything arrived.
 */
import type { Backend, FileRef } from "#backends/backend.ts";
import { describeFile } from "#backends/backend.ts";
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { makePlan, type ReplicatePlan } from "#operations/replicate/plan.ts";
import {
  CONFIG,
  forEachBounded,
  HASHED_TYPES,
  readConfig,
  readVerified,
  type Sha256,
} from "#operations/replicate/stored-file.ts";

export interface ReplicateOptions {
  /** Remove files from the mirror that the source does not have. */
  readonly delete: boolean;
  /** Allow a removal that leaves the mirror without any snapshot. */
  readonly allowRemoveAll?: boolean;
  /** Plan only. */
  readonly dryRun: boolean;
}

export type ReplicateEvent =
  | { readonly kind: "plan"; readonly plan: ReplicatePlan }
  | { readonly kind: "copied" | "removed"; readonly file: FileRef; readonly bytes: number }
  | { readonly kind: "failed"; readonly file: FileRef; readonly error: CofferError };

export interface ReplicateResult {
  readonly plan: ReplicatePlan;
  readonly copied: number;
  readonly bytes: number;
  readonly removed: number;
  /** Files that could not be mirrored; each was an event. */
  readonly failed: number;
}

/** Whole files in memory at once. Packs have 16 MiB, at most some 130 MiB. */
const LANES = 4;

/**
 * Mirrors `source` to `target`, which is made if it holds nothing.
 * @throws NO_REPOSITORY, REPOSITORY_EXISTS when the target holds another repository, INCOMPLETE
 *   when a removal would take every snapshot, storage errors of the target
 */
export async function replicate(
  source: Backend,
  target: Backend,
  sha256: Sha256,
  options: ReplicateOptions,
  context: OperationContext<ReplicateEvent> = {},
): Promise<ReplicateResult> {
  const run = new Replication(source, target, sha256, context);
  const isNew = await run.compareConfigs();
  const plan = await makePlan(source, target, context);
  context.progress?.({ kind: "plan", plan });
  if (options.delete) refuseRemovalOfAll(plan, options);
  if (!options.dryRun) {
    if (isNew) await target.create({ signal: context.signal });
    await run.copyAll(plan, isNew);
    if (options.delete && run.failed === 0) await run.removeAll(plan);
  }
  const { copied, bytes, removed, failed } = run;
  return { plan, copied, bytes, removed, failed };
}

function refuseRemovalOfAll(plan: ReplicatePlan, { allowRemoveAll }: ReplicateOptions): void {
  const { sourceFiles, surplus } = plan.types.snapshot;
  if (sourceFiles > 0 || surplus.length === 0 || allowRemoveAll) return;
  throw new CofferError(
    "INCOMPLETE",
    `The source holds no snapshot: all ${surplus.length} snapshots of the mirror would be removed`,
  );
}

class Replication {
  copied = 0;
  bytes = 0;
  removed = 0;
  failed = 0;
  readonly #source: Backend;
  readonly #target: Backend;
  readonly #sha256: Sha256;
  readonly #context: OperationContext<ReplicateEvent>;
  /** The source lost a file meanwhile: what refers to it must not follow. */
  #vanished = false;

  constructor(
    source: Backend,
    target: Backend,
    sha256: Sha256,
    context: OperationContext<ReplicateEvent>,
  ) {
    this.#source = source;
    this.#target = target;
    this.#sha256 = sha256;
    this.#context = context;
  }

  /** Returns whether the target has no config yet. */
  async compareConfigs(): Promise<boolean> {
    const { signal } = this.#context;
    const [wanted, held] = await Promise.all([
      readConfig(this.#source, { signal }),
      readConfig(this.#target, { signal }),
    ]);
    if (!wanted) {
      throw new CofferError("NO_REPOSITORY", `There is no repository in ${this.#source.location}`, {
        data: { location: this.#source.location },
      });
    }
    if (!held) return true;
    if (equalBytes(wanted, held)) return false;
    throw new CofferError(
      "REPOSITORY_EXISTS",
      `${this.#target.location} holds another repository than ${this.#source.location}`,
    );
  }

  async copyAll(plan: ReplicatePlan, isNew: boolean): Promise<void> {
    for (const type of HASHED_TYPES) {
      for (const { name, size, sourceSize } of plan.types[type].different) {
        const file: FileRef = { type, name };
        const text = `The mirror's ${describeFile(file)} has ${size} bytes instead of ${sourceSize}`;
        this.#fail(file, new CofferError("BAD_HASH", `${text}; heal the two`));
      }
      const { missing } = plan.types[type];
      // An index or snapshot must not follow when a pack that it may name is gone.
      if (this.#vanished) return;
      await forEachBounded(missing, this.#lanes, ({ name }) => this.#copy({ type, name }));
      if (type === "key" && isNew) await this.#copyConfig();
    }
  }

  async removeAll(plan: ReplicatePlan): Promise<void> {
    for (const type of HASHED_TYPES.toReversed()) {
      for (const { name, size } of plan.types[type].surplus) {
        throwIfAborted(this.#context.signal);
        const file: FileRef = { type, name };
        await this.#target.remove(file, { signal: this.#context.signal });
        this.removed++;
        this.#context.progress?.({ kind: "removed", file, bytes: size });
      }
    }
  }

  get #lanes(): number {
    return Math.min(LANES, this.#source.connections, this.#target.connections);
  }

  async #copy(file: FileRef): Promise<void> {
    const { signal } = this.#context;
    throwIfAborted(signal);
    let bytes: Uint8Array;
    try {
      bytes = await readVerified(this.#source, file, this.#sha256, { signal });
    } catch (error) {
      if (isCofferError(error, "NOT_FOUND")) {
        this.#vanished = true;
        const text = `The ${describeFile(file)} was removed from the source meanwhile; run again`;
        this.#fail(file, new CofferError("NOT_FOUND", text, { cause: error }));
        return;
      }
      if (!isCorruption(error)) throw error;
      this.#fail(file, error);
      return;
    }
    await this.#write(file, bytes);
  }

  /** It has no hash to be checked by: two equal answers must do. */
  async #copyConfig(): Promise<void> {
    const { signal } = this.#context;
    const first = await readConfig(this.#source, { signal });
    const second = await readConfig(this.#source, { signal, fresh: true });
    if (!first || !second || !equalBytes(first, second)) {
      throw new CofferError("BAD_HASH", "The config reads differently each time");
    }
    await this.#write(CONFIG, second);
  }

  async #write(file: FileRef, bytes: Uint8Array): Promise<void> {
    const { signal, progress } = this.#context;
    try {
      await this.#target.write(file, [bytes], { signal });
    } catch (error) {
      // Another replication brought it meanwhile; its bytes were checked there.
      if (!isCofferError(error, "ALREADY_EXISTS")) throw error;
    }
    this.copied++;
    this.bytes += bytes.length;
    progress?.({ kind: "copied", file, bytes: bytes.length });
  }

  #fail(file: FileRef, error: CofferError): void {
    this.failed++;
    this.#context.progress?.({ kind: "failed", file, error });
  }
}
