/**
 * Task: compares entries with what is on the target, files blob by blob. Used before writing, to
 * find what can stay, and afterwards to verify.
 */
import { equalBytes } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";
import type { Crypto } from "#crypto/crypto.ts";
import { KIND, nameAt, STATE, type EntrySlice } from "#operations/restore/entry-table.ts";
import { failureOf, targetCode } from "#operations/restore/failures.ts";
import type { Failure, OverwriteMode } from "#operations/restore/options.ts";
import { sessionOf, type RestoreSession, type SessionKey } from "#operations/restore/session.ts";
import type { TargetFile, TargetFolder, TargetStat } from "#platform/restore-target.ts";
import type { Task } from "#repository/task-pool.ts";

/** Expected content of the files of a slice. */
export interface ContentSlice {
  /** Blobs of entry i end here; they start where those of i − 1 end. */
  readonly ends: Uint32Array;
  /** 32 bytes each, joined. */
  readonly ids: Uint8Array;
  /** Plaintext bytes of each. */
  readonly lengths: Uint32Array;
}

export interface CompareInput {
  readonly session: SessionKey;
  readonly entries: EntrySlice;
  readonly content: ContentSlice;
  /** `verify`: every file must be there and equal. */
  readonly mode: OverwriteMode | "verify";
}

export interface CompareOutput {
  /** A value of STATE for each entry. */
  readonly states: Uint8Array;
  /** 1 for each blob of the content that stands where it should. */
  readonly matches: Uint8Array;
  /** Identities of the files to update, by position. */
  readonly identities: Map<number, string>;
  readonly failures: readonly Failure[];
}

const BUFFER_BYTES = 1024 * 1024;

export const compareTask: Task<CompareInput, CompareOutput> = {
  name: "restore.compare",
  async run(context, input) {
    const session = sessionOf(context, input.session);
    const { crypto } = context.repository.primitives;
    return session.exclusive(() => new Comparison(session, crypto, input).run());
  },
};

class Comparison {
  readonly #session: RestoreSession;
  readonly #crypto: Crypto;
  readonly #input: CompareInput;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #states: Uint8Array;
  readonly #matches: Uint8Array;
  readonly #identities = new Map<number, string>();
  readonly #failures: Failure[] = [];

  constructor(session: RestoreSession, crypto: Crypto, input: CompareInput) {
    this.#session = session;
    this.#crypto = crypto;
    this.#input = input;
    this.#states = new Uint8Array(input.entries.rows.length);
    this.#matches = new Uint8Array(input.content.lengths.length);
  }

  async run(): Promise<CompareOutput> {
    const { entries, mode } = this.#input;
    for (let i = 0; i < entries.rows.length; i++) {
      try {
        const folder = await this.#session.folder(entries.folders, entries.folderOf[i]!);
        if (mode === "verify") await this.#verify(folder, i);
        else this.#states[i] = await this.#stateOf(folder, i);
      } catch (error) {
        this.#states[i] = STATE.failed;
        this.#failures.push(failureOf(entries.rows[i]!, error));
      }
    }
    return {
      states: this.#states,
      matches: this.#matches,
      identities: this.#identities,
      failures: this.#failures,
    };
  }

  async #stateOf(folder: TargetFolder, i: number): Promise<number> {
    const { entries, mode } = this.#input;
    const stat = await folder.stat(nameAt(entries, i));
    if (stat === undefined) return STATE.fresh;
    if (mode === "never") return STATE.skip;
    const age = this.#ageOf(stat, i);
    if (mode === "if-newer" && age >= 0) return STATE.skip;
    if (entries.kinds[i] !== KIND.file || stat.type !== "file" || stat.links !== 1) {
      return STATE.replace;
    }
    if (mode === "if-changed" && age === 0 && stat.size === entries.sizes[i]) {
      this.#matches.fill(1, this.#start(i), this.#input.content.ends[i]);
      this.#identities.set(i, stat.identity);
      return STATE.match;
    }
    return this.#compareContent(folder, i);
  }

  /** Positive when what is on the target is younger than the snapshot's entry. */
  #ageOf(stat: TargetStat, i: number): number {
    const { meta } = this.#input.entries;
    const seconds = stat.mtimeSeconds - meta.mtimeSeconds[i]!;
    return seconds !== 0 ? seconds : stat.mtimeNanos - meta.mtimeNanos[i]!;
  }

  #start(i: number): number {
    return i === 0 ? 0 : this.#input.content.ends[i - 1]!;
  }

  async #compareContent(folder: TargetFolder, i: number): Promise<number> {
    let file: TargetFile;
    try {
      file = await folder.openFile(nameAt(this.#input.entries, i), "read");
    } catch (error) {
      // Unreadable for us: a new file in its place needs no right to read it.
      const code = targetCode(error);
      if (code === "EACCES" || code === "EPERM") return STATE.replace;
      throw error;
    }
    try {
      const stat = await file.stat();
      this.#identities.set(i, stat.identity);
      const same = await this.#matchBlobs(file, i);
      return same && stat.size === this.#input.entries.sizes[i] ? STATE.match : STATE.update;
    } finally {
      await file.close();
    }
  }

  async #matchBlobs(file: TargetFile, i: number): Promise<boolean> {
    const { content } = this.#input;
    let all = true;
    let position = 0;
    for (let blob = this.#start(i); blob < content.ends[i]!; blob++) {
      const length = content.lengths[blob]!;
      const id = content.ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES);
      const hash = await this.#hash(file, position, length);
      if (hash !== undefined && equalBytes(hash, id)) this.#matches[blob] = 1;
      else all = false;
      position += length;
    }
    return all;
  }

  /** SHA-256 of a range of the file; undefined when the file ends before. */
  async #hash(file: TargetFile, from: number, length: number): Promise<Uint8Array | undefined> {
    const whole = length <= BUFFER_BYTES;
    const hasher = whole ? undefined : this.#crypto.createHasher();
    let done = 0;
    while (done < length) {
      const room = whole
        ? this.#buffer.subarray(done, length)
        : this.#buffer.subarray(0, Math.min(BUFFER_BYTES, length - done));
      const read = await file.read(room, from + done);
      if (read === 0) return undefined;
      hasher?.update(room.subarray(0, read));
      done += read;
    }
    return hasher?.digest() ?? this.#crypto.sha256(this.#buffer.subarray(0, length));
  }

  async #verify(folder: TargetFolder, i: number): Promise<void> {
    const { entries } = this.#input;
    const file = await folder.openFile(nameAt(entries, i), "read");
    try {
      const stat = await file.stat();
      if (stat.size !== entries.sizes[i]) {
        const message = `Verifying found ${stat.size} bytes instead of ${entries.sizes[i]}`;
        throw new CofferError("BAD_HASH", message);
      }
      if (!(await this.#matchBlobs(file, i))) {
        throw new CofferError("BAD_HASH", "Verifying found other content than was restored");
      }
    } finally {
      await file.close();
    }
    this.#states[i] = STATE.match;
  }
}
