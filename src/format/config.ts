/** The repository's config (docs/format.md, section 4). */
export interface Config {
  readonly version: 1 | 2;
  /** 64 hex digits, random. */
  readonly id: string;
  readonly chunkerPolynomial: bigint;
}
