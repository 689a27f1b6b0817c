/**
 * Counts the entries of a snapshot without walking them: a few dozen trees that name each other
 * twice span more paths than any machine can hold. Each distinct tree is read once.
 */
import { CofferError, isCofferError, throwIfAborted } from "#base/errors.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";

interface CountLimits {
  readonly maxEntries: number;
  readonly signal: AbortSignal | undefined;
}

/** Folders walked before repetition is looked at: fewer are no burden. */
const FEW_FOLDERS = 100_000;

/**
 * Notices when a walk meets the same trees again and again, and then counts once what lies ahead. A
 * walk over trees that are mostly different is never burdened with a count.
 */
export class RepeatWatch {
  readonly #repository: Repository;
  readonly #root: Uint8Array;
  readonly #limits: CountLimits;
  readonly #distinct = new IdTable();
  #walked = 0;
  #isCounted = false;

  constructor(repository: Repository, root: Uint8Array, limits: CountLimits) {
    this.#repository = repository;
    this.#root = root;
    this.#limits = limits;
  }

  /** Call for each tree walked. @throws TOO_LARGE when the whole is more than is allowed */
  async visit(tree: Uint8Array): Promise<void> {
    if (this.#isCounted) return;
    this.#distinct.add(tree);
    if (++this.#walked < FEW_FOLDERS || this.#walked < 2 * this.#distinct.size) return;
    this.#isCounted = true;
    const { maxEntries } = this.#limits;
    const count = await countEntries(this.#repository, this.#root, this.#limits.signal);
    if (count <= maxEntries) return;
    const message = `The snapshot holds ${count} entries, more than ${maxEntries}`;
    throw new CofferError("TOO_LARGE", message, { data: { fatal: true } });
  }
}

/** A tree whose subfolders are being counted. */
interface Open {
  readonly number: number;
  /** Ids of subtrees that remain. */
  readonly inside: Uint8Array[];
  entries: number;
}

/**
 * All entries below a tree, those of repeated trees each time; not exact above 2^53. Trees that
 * cannot be read count nothing: the walk reports them.
 */
export async function countEntries(
  repository: Repository,
  root: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const numbers = new IdTable();
  /** By number; undefined while being counted. */
  const totals: (number | undefined)[] = [];
  const stack: Open[] = [];
  const open = async (tree: Uint8Array): Promise<void> => {
    throwIfAborted(signal);
    const number = numbers.add(tree);
    stack.push({ number, ...(await readFolders(repository, tree, signal)) });
  };
  await open(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.inside.at(-1);
    if (next === undefined) {
      totals[top.number] = top.entries;
      stack.pop();
      continue;
    }
    const number = numbers.find(next);
    if (number < 0) {
      await open(next);
      continue;
    }
    top.entries += totals[number] ?? 0;
    top.inside.pop();
  }
  return totals[0]!;
}

async function readFolders(
  repository: Repository,
  tree: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<{ inside: Uint8Array[]; entries: number }> {
  const inside: Uint8Array[] = [];
  let entries = 0;
  try {
    const cursor = new TreeCursor(await repository.loadBlob("tree", tree, { signal }));
    while (cursor.next()) {
      entries++;
      const { subtree } = cursor.decode();
      if (subtree?.length === 32) inside.push(subtree);
    }
  } catch (error) {
    if (!isCofferError(error) || error.code === "ABORTED") throw error;
  }
  return { inside, entries };
}
