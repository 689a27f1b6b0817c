/** Which call to a storage goes wrong, and how: by a script, by chance from a seed, or both. */
import type { FileType } from "#backends/backend.ts";
import type { BackendCall } from "#backends/wrappers/log.ts";
import { randomBelow, type Random } from "#base/random.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

/** Everything that can go wrong with a call, and the calls it can happen to. */
export const FAULTS = {
  /** Fails, may be tried again; nothing happened. */
  "error-before": ["create", "write", "read", "stat", "list", "remove"],
  /** Fails, may be tried again; the effect took place: the answer was lost. */
  "error-after": ["create", "write", "read", "stat", "list", "remove"],
  /** DENIED, for good. */
  denied: ["create", "write", "read", "stat", "list", "remove"],
  /** STORAGE_FULL, for good. */
  full: ["write"],
  /** A prefix stays under the final name, and the call fails. */
  "torn-write": ["write"],
  /** Answers that it stored the file, and did not. */
  "lost-write": ["write"],
  /** Gives fewer bytes than asked for without saying so. */
  "truncated-read": ["read"],
  /** One bit is wrong in this answer. */
  "flip-once": ["read"],
  /** One bit is wrong in this and every later answer for the file. */
  "flip-always": ["read"],
  /** The bytes of another file of the same type. */
  "wrong-object": ["read"],
  /** The newest file is missing from the listing. */
  "hide-newest": ["list"],
  /** Every entry comes twice. */
  "repeat-entries": ["list"],
  /** A removed file is listed again. */
  "list-removed": ["list"],
  /** The listing ends early, without an error. */
  "stop-listing": ["list"],
} as const satisfies Record<string, readonly BackendCall[]>;

export type FaultKind = keyof typeof FAULTS;

/** `{ call: "write", type: "pack", nth: 2, kind: "torn-write" }`: the second write of a pack. */
export interface PlannedFault {
  readonly call: BackendCall;
  /** Any type when left out. */
  readonly type?: FileType;
  /** Which of the calls that match, from 1. */
  readonly nth: number;
  readonly kind: FaultKind;
}

export interface FaultOptions {
  /** Printed by every complaint; the same seed and the same calls give the same faults. */
  readonly seed: number;
  readonly plan?: readonly PlannedFault[];
  /** Chance of each kind per call that it can happen to, 0 to 1. */
  readonly chances?: Partial<Record<FaultKind, number>>;
  /** Chance faults stop after so many, so that bounded retries can win. Default: no end. */
  readonly most?: number;
}

export interface FaultHit {
  readonly call: BackendCall;
  readonly type: FileType | undefined;
  readonly kind: FaultKind;
  /** Number of the call among all, from 1. */
  readonly at: number;
}

/** Decides call by call. @throws Error at once for a plan that no call could meet */
export class FaultPlan {
  readonly random: Random;
  readonly hits: FaultHit[] = [];
  readonly #options: FaultOptions;
  readonly #seen: number[];
  readonly #met = new Set<PlannedFault>();
  #calls = 0;
  #byChance = 0;

  constructor(options: FaultOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.#seen = (options.plan ?? []).map(() => 0);
    for (const { kind, call } of options.plan ?? []) {
      if (!isPossible(kind, call)) throw new Error(`A ${call} cannot suffer ${kind}`);
    }
  }

  /** The fault for this call, if any. */
  next(call: BackendCall, type: FileType | undefined): FaultKind | undefined {
    this.#calls++;
    const kind = this.#planned(call, type) ?? this.#chance(call);
    if (kind !== undefined) this.hits.push({ call, type, kind, at: this.#calls });
    return kind;
  }

  /** Throws when a planned fault did not happen: the test would prove nothing. */
  assertAllHit(): void {
    const missed = (this.#options.plan ?? []).filter((fault) => !this.#met.has(fault));
    if (missed.length === 0) return;
    throw new Error(`Faults that no call met: ${JSON.stringify(missed)} (${this.describe()})`);
  }

  /** Seed and faults so far, for the message of a failed test. */
  describe(): string {
    const hits = this.hits.map((hit) => `${hit.at}:${hit.call} ${hit.type ?? "-"} ${hit.kind}`);
    return `seed ${this.#options.seed}, faults: ${hits.join(", ") || "none"}`;
  }

  #planned(call: BackendCall, type: FileType | undefined): FaultKind | undefined {
    let found: FaultKind | undefined;
    for (const [i, fault] of (this.#options.plan ?? []).entries()) {
      if (fault.call !== call || (fault.type !== undefined && fault.type !== type)) continue;
      this.#seen[i]!++;
      if (this.#seen[i] !== fault.nth || found !== undefined) continue;
      this.#met.add(fault);
      found = fault.kind;
    }
    return found;
  }

  #chance(call: BackendCall): FaultKind | undefined {
    if (this.#byChance >= (this.#options.most ?? Infinity)) return undefined;
    for (const [kind, chance] of Object.entries(this.#options.chances ?? {})) {
      if (!isKind(kind) || !isPossible(kind, call)) continue;
      if (randomBelow(this.random, 1_000_000) >= chance * 1_000_000) continue;
      this.#byChance++;
      return kind;
    }
    return undefined;
  }
}

function isPossible(kind: FaultKind, call: BackendCall): boolean {
  return (FAULTS[kind] as readonly BackendCall[]).includes(call);
}

function isKind(text: string): text is FaultKind {
  return Object.hasOwn(FAULTS, text);
}
