/** Collects what a check finds, and which blobs and tree entries each finding spoils. */
import type { ErrorCode } from "#base/error-codes.ts";
import type { ProgressListener } from "#base/progress.ts";
import {
  type CheckedObject,
  type CheckEvent,
  type CheckRemark,
  MAX_FINDINGS,
} from "#operations/check/check-types.ts";
import type { BlobType } from "#repository/blob-index.ts";
import { IdTable } from "#repository/id-table.ts";

export interface Finding {
  readonly code: ErrorCode;
  readonly object: CheckedObject;
  readonly message: string;
}

/** Blobs of one type with the findings that spoil them. */
class Blame {
  readonly ids = new IdTable();
  readonly #findings: number[][] = [];

  add(id: Uint8Array, finding: number): void {
    const number = this.ids.add(id);
    const list = (this.#findings[number] ??= []);
    if (!list.includes(finding)) list.push(finding);
  }

  of(number: number): readonly number[] {
    return this.#findings[number] ?? [];
  }
}

export class Findings {
  readonly errors: Finding[] = [];
  readonly remarks: CheckRemark[] = [];
  readonly blame: Readonly<Record<BlobType, Blame>> = { data: new Blame(), tree: new Blame() };
  /** Snapshot files that are themselves damaged: id to finding. */
  readonly badSnapshots = new Map<string, number>();
  /** Damaged entries: the tree's number in {@link nodeTrees}, then raw names with findings. */
  readonly nodes: { readonly name: Uint8Array; readonly finding: number }[][] = [];
  readonly nodeTrees = new IdTable();
  errorCount = 0;
  remarkCount = 0;
  readonly #progress: ProgressListener<CheckEvent> | undefined;

  constructor(progress: ProgressListener<CheckEvent> | undefined) {
    this.#progress = progress;
  }

  /** Records an error and returns its number; −1 beyond the bound, where it is only counted. */
  error(code: ErrorCode, object: CheckedObject, message: string): number {
    this.errorCount++;
    if (this.errors.length === MAX_FINDINGS) return -1;
    const error = { code, object, message };
    this.#progress?.({ kind: "error", error });
    return this.errors.push(error) - 1;
  }

  remark(remark: CheckRemark): void {
    this.remarkCount++;
    if (this.remarks.length === MAX_FINDINGS) return;
    this.#progress?.({ kind: "remark", remark });
    this.remarks.push(remark);
  }

  blameBlob(type: BlobType, id: Uint8Array, finding: number): void {
    if (finding >= 0) this.blame[type].add(id, finding);
  }

  blameNode(tree: Uint8Array, name: Uint8Array, finding: number): void {
    if (finding < 0) return;
    (this.nodes[this.nodeTrees.add(tree)] ??= []).push({ name, finding });
  }

  /** Whether anything is known that could harm a path. */
  get harmsPaths(): boolean {
    return this.blame.data.ids.size + this.blame.tree.ids.size + this.nodeTrees.size > 0;
  }
}
