/**
 * What every storage must do (backends/backend.ts), as a list of checks over a factory: the tests
 * run it over each backend and wrapper, and a person may run it over a storage before trusting it.
 * A check fails by throwing; each leaves nothing behind that another would trip over.
 */
import { concatBytes, toHex } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";
import type { Backend, FileRef, FileType, ListedFile } from "#backends/backend.ts";
import { equal, expectCode, fails, sameBytes } from "#testkit/backend-expectations.ts";

/** Makes an empty storage, its `create` not yet called. */
export type BackendFactory = () => Promise<Backend>;

export interface BackendCheck {
  readonly name: string;
  /** Throws an Error that says what was expected. */
  run(): Promise<void>;
}

export interface SuiteOptions {
  readonly random: Random;
  /** Files that the listing check stores; above 1000 crosses the page size of every cloud. */
  readonly listed?: number;
  /** Bytes of the largest file stored. Default 3 MiB and a bit. */
  readonly large?: number;
}

type Body = (backend: Backend, made: Made) => Promise<void>;

/** Content and names of the checks, from the given randomness. */
class Made {
  readonly #random: Random;
  readonly listed: number;
  readonly large: number;

  constructor(options: SuiteOptions) {
    this.#random = options.random;
    this.listed = options.listed ?? 1100;
    this.large = options.large ?? 3 * 1024 * 1024 + 17;
  }

  bytes(length: number): Uint8Array {
    return this.#random.fill(new Uint8Array(length));
  }

  file(type: FileType): FileRef {
    return type === "config" ? { type, name: "config" } : { type, name: toHex(this.bytes(32)) };
  }
}

/** All checks, each over a fresh storage of the factory. */
export function backendChecks(factory: BackendFactory, options: SuiteOptions): BackendCheck[] {
  const made = new Made(options);
  return Object.entries(CHECKS).map(([name, body]) => ({
    name,
    async run() {
      const backend = await factory();
      try {
        await backend.create();
        await body(backend, made);
      } finally {
        await backend.close();
      }
    },
  }));
}

const CHECKS: Readonly<Record<string, Body>> = {
  async "create is idempotent"(backend) {
    await backend.create();
    await backend.create();
    equal(await names(backend, "snapshot"), [], "a new storage lists no snapshots");
    equal(await names(backend, "pack"), [], "a new storage lists no packs");
  },

  async "every type is stored, read, listed and removed"(backend, made) {
    for (const type of ["config", "key", "lock", "snapshot", "index", "pack"] as const) {
      const file = made.file(type);
      const bytes = made.bytes(300);
      await backend.write(file, [bytes]);
      sameBytes(await backend.read(file), bytes, `the ${type} reads back`);
      equal(await backend.stat(file), { name: file.name, size: 300 }, `stat of the ${type}`);
      equal(await all(backend, type), [{ name: file.name, size: 300 }], `list of ${type} files`);
      await backend.remove(file);
      equal(await backend.stat(file), undefined, `stat of the removed ${type}`);
      if (backend.supports.listAfterWrite)
        equal(await names(backend, type), [], "list after remove");
    }
  },

  async "parts are joined in order, empty ones and empty files included"(backend, made) {
    const parts = [made.bytes(1), made.bytes(0), made.bytes(70_000), made.bytes(3)];
    const file = made.file("pack");
    await backend.write(file, parts);
    sameBytes(await backend.read(file), concatBytes(parts), "joined parts");
    const empty = made.file("lock");
    await backend.write(empty, []);
    equal((await backend.stat(empty))?.size, 0, "size of an empty file");
    equal((await backend.read(empty)).length, 0, "bytes of an empty file");
  },

  async "parts stay the caller's, and so do bytes read"(backend, made) {
    const file = made.file("index");
    const part = made.bytes(64);
    const kept = part.slice();
    await backend.write(file, [part]);
    part.fill(0);
    (await backend.read(file)).fill(1);
    sameBytes(await backend.read(file), kept, "content after both sides changed their copies");
  },

  async "ranges are exact"(backend, made) {
    const file = made.file("pack");
    const bytes = made.bytes(made.large);
    await backend.write(file, [bytes]);
    const end = bytes.length;
    const ranges = [
      [0, 1],
      [end - 1, 1],
      [0, end],
      [1, end - 1],
      [4095, 2],
      [end >> 1, 65_537],
      [7, 0],
      [end, 0],
    ] as const;
    for (const [offset, length] of ranges) {
      const got = await backend.read(file, { offset, length });
      sameBytes(got, bytes.subarray(offset, offset + length), `bytes ${offset}+${length}`);
    }
    sameBytes(await backend.read(file, { offset: end - 9 }), bytes.subarray(end - 9), "open end");
    sameBytes(await backend.read(file, { length: 9 }), bytes.subarray(0, 9), "length alone");
  },

  async "a range beyond the end is SHORT_READ"(backend, made) {
    const file = made.file("pack");
    await backend.write(file, [made.bytes(1000)]);
    for (const [offset, length] of [
      [999, 2],
      [1000, 1],
      [5000, 10],
      [0, 2 ** 40],
    ] as const) {
      await fails(
        backend.read(file, { offset, length }),
        "SHORT_READ",
        `bytes ${offset}+${length}`,
      );
    }
  },

  async "absence is NOT_FOUND or undefined"(backend, made) {
    for (const type of ["config", "key", "lock", "snapshot", "index", "pack"] as const) {
      const file = made.file(type);
      equal(await backend.stat(file), undefined, `stat of an absent ${type}`);
      await fails(backend.read(file), "NOT_FOUND", `reading an absent ${type}`);
      await fails(backend.read(file, { offset: 1, length: 1 }), "NOT_FOUND", `a range of it`);
      await fails(backend.remove(file), "NOT_FOUND", `removing an absent ${type}`);
    }
  },

  async "nothing is overwritten"(backend, made) {
    for (const type of ["config", "pack", "snapshot"] as const) {
      const file = made.file(type);
      const bytes = made.bytes(500);
      await backend.write(file, [bytes]);
      await fails(backend.write(file, [made.bytes(500)]), "ALREADY_EXISTS", `a second ${type}`);
      await fails(backend.write(file, [bytes]), "ALREADY_EXISTS", `an equal ${type}`);
      sameBytes(await backend.read(file), bytes, `the first ${type} after refusals`);
    }
  },

  async "a removed name can be written again"(backend, made) {
    const file = made.file("index");
    await backend.write(file, [made.bytes(10)]);
    await backend.remove(file);
    const again = made.bytes(11);
    await backend.write(file, [again]);
    sameBytes(await backend.read(file), again, "content written after removal");
  },

  async "types do not see each other"(backend, made) {
    const { name } = made.file("pack");
    await backend.write({ type: "snapshot", name }, [made.bytes(5)]);
    for (const type of ["key", "lock", "index", "pack"] as const) {
      equal(await backend.stat({ type, name }), undefined, `stat as ${type}`);
      equal(await names(backend, type), [], `list of ${type}`);
    }
  },

  async "long listings are complete and without repeats"(backend, made) {
    const wanted = new Map<string, number>();
    for (let i = 0; i < made.listed; i++) wanted.set(made.file("pack").name, i % 7);
    const files = [...wanted];
    await inParallel(backend, files, ([name, size]) =>
      backend.write({ type: "pack", name }, [made.bytes(size)]),
    );
    const got = await all(backend, "pack");
    equal(got.length, wanted.size, "number of listed packs");
    for (const { name, size } of got) equal(size, wanted.get(name), `size of ${name}`);
    equal(new Set(got.map((file) => file.name)).size, wanted.size, "different names");
  },

  async "files may be removed while they are listed"(backend, made) {
    const files = Array.from({ length: 40 }, () => made.file("snapshot"));
    for (const file of files) await backend.write(file, [made.bytes(3)]);
    let seen = 0;
    for await (const { name } of backend.list("snapshot")) {
      seen++;
      await backend.remove({ type: "snapshot", name });
    }
    equal(seen, 40, "files seen");
    if (backend.supports.listAfterWrite) equal(await names(backend, "snapshot"), [], "left over");
  },

  async "calls run at once"(backend, made) {
    const files = Array.from({ length: 24 }, (_, i) => ({
      file: made.file(i % 2 === 0 ? "pack" : "index"),
      bytes: made.bytes(10_000 + i),
    }));
    await inParallel(backend, files, async ({ file, bytes }) => {
      await backend.write(file, [bytes]);
      sameBytes(await backend.read(file), bytes, "own bytes");
      sameBytes(await backend.read(file, { offset: 3, length: 7 }), bytes.subarray(3, 10), "range");
    });
  },

  async "one of two writers of a name wins"(backend, made) {
    const file = made.file("config");
    const contents = [made.bytes(400), made.bytes(400), made.bytes(400)];
    const results = await Promise.allSettled(contents.map((bytes) => backend.write(file, [bytes])));
    const winners = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
    equal(winners.length, 1, "successful writers");
    for (const result of results) {
      if (result.status === "rejected") expectCode(result.reason, "ALREADY_EXISTS", "a loser");
    }
    sameBytes(await backend.read(file), contents[winners[0]!]!, "the winner's bytes");
  },

  async "a fired signal stops every call"(backend, made) {
    const file = made.file("snapshot");
    await backend.write(file, [made.bytes(10)]);
    const signal = AbortSignal.abort();
    const other = made.file("pack");
    await fails(backend.write(other, [made.bytes(10)], { signal }), "ABORTED", "write");
    await fails(backend.read(file, { signal }), "ABORTED", "read");
    await fails(backend.stat(file, { signal }), "ABORTED", "stat");
    await fails(backend.remove(file, { signal }), "ABORTED", "remove");
    await fails(all(backend, "snapshot", signal), "ABORTED", "list");
    equal(await backend.stat(other), undefined, "what an aborted write left");
    equal((await backend.stat(file))?.size, 10, "what an aborted removal left");
  },

  async "names that are no names are refused"(backend) {
    for (const name of [
      "",
      "..",
      "../config",
      "A".repeat(64),
      "0".repeat(63),
      `${"0".repeat(63)}/`,
    ]) {
      await fails(backend.read({ type: "pack", name }), "BAD_FORMAT", `reading ${name}`);
      await fails(backend.write({ type: "pack", name }, []), "BAD_FORMAT", `writing ${name}`);
      await fails(backend.remove({ type: "pack", name }), "BAD_FORMAT", `removing ${name}`);
    }
  },
};

async function all(backend: Backend, type: FileType, signal?: AbortSignal): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  for await (const file of backend.list(type, { signal })) found.push(file);
  return found;
}

async function names(backend: Backend, type: FileType): Promise<string[]> {
  return (await all(backend, type)).map((file) => file.name).toSorted();
}

async function inParallel<T>(
  backend: Backend,
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await task(items[next++]!);
  };
  await Promise.all(Array.from({ length: backend.connections }, worker));
}
