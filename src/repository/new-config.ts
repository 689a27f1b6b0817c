/** The config that a new repository starts with (docs/format.md, section 4). */
import { toHex } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";
import { randomPolynomial } from "#chunker/polynomial.ts";
import type { Config } from "#format/config.ts";

/**
 * A config with a fresh id, and a fresh polynomial unless one is given.
 * @param chunkerPolynomial another repository's, so that both cut files alike
 */
export function newConfig(random: Random, version: 1 | 2, chunkerPolynomial?: bigint): Config {
  return {
    version,
    id: toHex(random.fill(new Uint8Array(32))),
    chunkerPolynomial: chunkerPolynomial ?? randomPolynomial(random),
  };
}
