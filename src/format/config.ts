/** The repository's config (docs/format.md, section 4). */
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { encodeObject, type ExtraFields } from "#format/extra-fields.ts";
import { parseId } from "#format/id.ts";
import { JsonReader } from "#format/json-reader.ts";

export interface Config {
  readonly version: 1 | 2;
  /** 64 hex digits, random. */
  readonly id: string;
  readonly chunkerPolynomial: bigint;
  /** Fields that this program does not know; written back by {@link encodeConfig}. */
  readonly extra?: ExtraFields | undefined;
}

/** JSON bytes of a config, to be sealed as they are: a config is never compressed. */
export function encodeConfig(config: Config): Uint8Array {
  const members = [
    `"version":${config.version}`,
    `"id":"${config.id}"`,
    `"chunker_polynomial":"${config.chunkerPolynomial.toString(16)}"`,
  ];
  return utf8(encodeObject(members, config.extra));
}

/**
 * Decodes the opened config. Whether the polynomial is irreducible is the chunker's business.
 * @throws BAD_FORMAT when it is damaged
 * @throws UNSUPPORTED_VERSION for a version other than 1 and 2
 */
export function decodeConfig(bytes: Uint8Array): Config {
  const reader = new JsonReader(bytes, "BAD_FORMAT", "The config");
  let version = 0;
  let id: string | undefined;
  let polynomial: string | undefined;
  const extra: [string, string][] = [];
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    if (key === "version") version = reader.uint();
    else if (key === "id") id = reader.string();
    else if (key === "chunker_polynomial") polynomial = reader.string();
    else extra.push([key, reader.raw()]);
  }
  reader.finish();
  if (version !== 1 && version !== 2) {
    throw new CofferError("UNSUPPORTED_VERSION", `The repository has version ${version}`, {
      data: { version },
    });
  }
  if (id === undefined || parseId(id) === undefined) return reader.fail("it has no valid id");
  if (polynomial === undefined || !/^[0-9a-fA-F]{1,16}$/.test(polynomial)) {
    return reader.fail("it has no valid chunker polynomial");
  }
  const config = { version, id, chunkerPolynomial: BigInt(`0x${polynomial}`) } as const;
  return extra.length === 0 ? config : { ...config, extra };
}
