/** A made-up folder whose content is drawn from a seed and changes step by step. */
import { utf8 } from "#base/bytes.ts";
import { randomBelow, type Random } from "#base/random.ts";
import { fileOf, folderOf, noiseContent, symlinkTo } from "#testkit/memory-entry.ts";
import type { EntryDescription, MemoryContent } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";

/** Empty files, single chunks, and with small packs several packs. */
const SIZES = [0, 1, 100, 4_000, 30_000, 60_000];
/** More than one chunk: the smallest is 512 KiB. */
const LARGE = 700_000;

export class RandomSource {
  readonly source = new MemorySource(folderOf({ home: folderOf({}) }));
  readonly #random: Random;
  #folders: string[] = ["/home"];
  #files: string[] = [];
  #made = 0;

  constructor(random: Random, files: number) {
    this.#random = random;
    this.source.put("/home/large", fileOf(noiseContent(LARGE, randomBelow(random, 1000))));
    for (let i = 0; i < files; i++) this.#add();
  }

  /** A few changes of any kind. */
  change(): void {
    const count = 1 + randomBelow(this.#random, 6);
    for (let i = 0; i < count; i++) this.#changeOnce();
    // A source is never empty: an empty one is refused.
    if (this.#files.length === 0) this.#add();
  }

  #changeOnce(): void {
    const kind = randomBelow(this.#random, 6);
    const path = this.#pick(this.#files);
    if (kind < 2 || path === undefined) return this.#add();
    if (kind === 2) return this.source.write(path, this.#content());
    if (kind === 3) {
      this.source.remove(path);
      this.#files = this.#files.filter((other) => other !== path);
      return;
    }
    if (kind === 4) return this.source.setMeta(path, { uid: randomBelow(this.#random, 2000) });
    const again = this.#newPath();
    this.source.link(path, again);
    this.#files.push(again);
  }

  #add(): void {
    const path = this.#newPath();
    const kind = randomBelow(this.#random, 8);
    if (kind === 0) {
      this.source.put(path, folderOf({}));
      this.#folders.push(path);
      return;
    }
    this.source.put(path, kind === 1 ? symlinkTo(`to-${path}`) : this.#file());
    if (kind !== 1) this.#files.push(path);
  }

  #file(): EntryDescription {
    const value = utf8(`value ${this.#made}`);
    const xattrs = randomBelow(this.#random, 4) === 0 ? [{ name: utf8("user.x"), value }] : [];
    return fileOf(this.#content(), { permissions: 0o600 + randomBelow(this.#random, 64), xattrs });
  }

  /** Few seeds, so that contents repeat and are stored once. */
  #content(): MemoryContent {
    const size = SIZES[randomBelow(this.#random, SIZES.length)]!;
    return noiseContent(size, randomBelow(this.#random, 12));
  }

  #newPath(): string {
    const name = `${"nöàme"[randomBelow(this.#random, 5)]}${this.#made++}`;
    return `${this.#pick(this.#folders)!}/${name}`;
  }

  #pick(from: readonly string[]): string | undefined {
    return from[randomBelow(this.#random, Math.max(1, from.length))];
  }
}
