/** What every chunker must do: the vectors of chunker.json, fed whole and step by step. */
import { ctr } from "@noble/ciphers/aes.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "#base/bytes.ts";
import type { Chunker, ChunkerFactory } from "#chunker/chunker.ts";
import { expectSame, type SuiteCase } from "#testkit/suite-case.ts";

/** The parts of test/vectors/chunker.json that are used. */
export interface ChunkerVectors {
  readonly polynomials: readonly {
    readonly polynomial: string;
    readonly streams: Readonly<Record<string, { readonly lengths: readonly number[] } | undefined>>;
  }[];
  readonly streams: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;
}

/** The streams of chunker.json by name, as its `how` fields describe them. */
export function chunkerStream(name: string, size: number): Uint8Array {
  const keystream = (fill: number, length: number): Uint8Array =>
    ctr(new Uint8Array(32).fill(fill), new Uint8Array(16)).encrypt(new Uint8Array(length));
  if (name.startsWith("aesctr-00")) return keystream(0, size);
  if (name.startsWith("aesctr-11")) return keystream(0x11, size);
  if (name.startsWith("ff-")) return new Uint8Array(size).fill(0xff);
  if (name.startsWith("counter-")) return Uint8Array.from({ length: size }, (_, i) => i % 251);
  const bytes = new Uint8Array(size);
  if (name.startsWith("zeros-then-random")) bytes.set(keystream(0x22, 4 << 20), 2 << 20);
  return bytes;
}

/**
 * Chunk lengths of a stream read through the chunker's window, `step(i)` bytes in the i-th read,
 * bytes moved to the front as rarely as the window allows.
 */
export function chunkLengths(
  chunker: Chunker,
  bytes: Uint8Array,
  step: (read: number) => number,
): number[] {
  const { window } = chunker;
  const lengths: number[] = [];
  let [start, end, at, reads] = [0, 0, 0, 0];
  chunker.reset();
  for (;;) {
    const length = chunker.cut(start, end, at === bytes.length);
    if (length > 0) {
      lengths.push(length);
      start += length;
      continue;
    }
    if (at === bytes.length) return lengths;
    if (end === window.length) {
      window.copyWithin(0, start, end);
      end -= start;
      start = 0;
      chunker.reset();
    }
    const count = Math.min(step(reads++), window.length - end, bytes.length - at);
    window.set(bytes.subarray(at, at + count), end);
    end += count;
    at += count;
  }
}

/** A case for each polynomial and stream. */
export function chunkerCases(create: ChunkerFactory, vectors: ChunkerVectors): SuiteCase[] {
  const steps: Readonly<Record<string, (read: number) => number>> = {
    whole: () => Infinity,
    "64 KiB": () => 65_536,
    uneven: (read) => 1 + ((read * 7919) % 200_003),
  };
  const streams = new Map<string, Uint8Array>();
  return Object.entries(vectors.streams).flatMap(([name, { size, sha256: digest }]) =>
    vectors.polynomials.map(({ polynomial, streams: expected }) => ({
      name: `chunker.json ${name} with ${polynomial}`,
      run: () => {
        const bytes = streams.get(name) ?? chunkerStream(name, size);
        if (!streams.has(name)) expectSame("stream", toHex(sha256(bytes)), digest);
        streams.clear();
        streams.set(name, bytes);
        const lengths = expected[name]?.lengths;
        if (lengths === undefined) return;
        const chunker = create(BigInt(`0x${polynomial}`));
        for (const [how, step] of Object.entries(steps)) {
          expectSame(how, chunkLengths(chunker, bytes, step), lengths);
        }
      },
    })),
  );
}
