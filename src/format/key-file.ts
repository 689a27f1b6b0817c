/** Key files and the master key that they wrap (docs/format.md, section 2). */
import { fromBase64, toBase64, utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { quoteJson } from "#format/go-json.ts";
import { JsonReader } from "#format/json-reader.ts";
import { formatTime, parseTime, type ZonedTime } from "#format/time.ts";

/** A key file's fields. The plain ones can be read by anyone who can read the storage. */
export interface KeyFile {
  readonly created: ZonedTime;
  readonly username: string;
  readonly hostname: string;
  /** scrypt's parameters. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** 64 bytes. */
  readonly salt: Uint8Array;
  /** The master key's JSON, sealed with the key derived from the password. */
  readonly data: Uint8Array;
}

/** The three parts of the master key; the same shape as `MasterKey` of `crypto/`. */
export interface MasterKeyParts {
  readonly encrypt: Uint8Array;
  readonly macK: Uint8Array;
  readonly macR: Uint8Array;
}

export const SALT_BYTES = 64;

/**
 * Bytes of memory that scrypt may take: eight times what restic writes, so that a key cannot
 * exhaust us.
 */
export const MAX_SCRYPT_MEMORY = 256 * 1024 * 1024;
/** restic's p is below 10; each step costs a whole pass over the memory. */
const MAX_SCRYPT_P = 64;
/** A key file is some 450 bytes; names may be long, but not this long. */
const MAX_KEY_FILE = 64 * 1024;

/** JSON bytes of a key file. Its name is their SHA-256. */
export function encodeKeyFile(key: KeyFile): Uint8Array {
  return utf8(
    `{"created":"${formatTime(key.created)}","username":${quoteJson(key.username)},` +
      `"hostname":${quoteJson(key.hostname)},"kdf":"scrypt","N":${key.N},"r":${key.r},` +
      `"p":${key.p},"salt":"${toBase64(key.salt)}","data":"${toBase64(key.data)}"}`,
  );
}

/**
 * Decodes a key file and checks its scrypt parameters, so that deriving is safe afterwards.
 * @param name names the file in errors
 * @throws BAD_FORMAT when it is damaged, of another kind, or its salt is not 64 bytes
 * @throws TOO_LARGE when the parameters ask for more than {@link MAX_SCRYPT_MEMORY}
 */
export function decodeKeyFile(bytes: Uint8Array, name = "The key file"): KeyFile {
  if (bytes.length > MAX_KEY_FILE) throw new CofferError("TOO_LARGE", `${name} is too large`);
  const reader = new JsonReader(bytes, "BAD_FORMAT", name);
  const fields = { created: "", username: "", hostname: "", kdf: "", salt: "", data: "" };
  const numbers = { N: 0, r: 0, p: 0 };
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    if (Object.hasOwn(fields, key))
      fields[key as keyof typeof fields] = reader.isNull() ? "" : reader.string();
    else if (Object.hasOwn(numbers, key)) numbers[key as keyof typeof numbers] = reader.uint();
    else reader.skip();
  }
  reader.finish();
  if (fields.kdf !== "scrypt") reader.fail("it does not use scrypt");
  checkScrypt(numbers, name);
  const salt = fromBase64(fields.salt);
  if (salt?.length !== SALT_BYTES) return reader.fail(`its salt is not ${SALT_BYTES} bytes`);
  const data = fromBase64(fields.data);
  if (data === undefined || data.length <= 32) return reader.fail("its sealed key is cut off");
  const created = parseTime(fields.created);
  if (created === undefined) return reader.fail("its time is malformed");
  const { username, hostname } = fields;
  return { created, username, hostname, ...numbers, salt, data };
}

/**
 * Refuses scrypt parameters that are invalid or would exhaust the machine.
 * @throws BAD_FORMAT, TOO_LARGE
 */
export function checkScrypt(
  { N, r, p }: { readonly N: number; readonly r: number; readonly p: number },
  name = "The key file",
): void {
  const powerOfTwo = N >= 2 && N <= 2 ** 31 && Number.isInteger(Math.log2(N));
  if (!powerOfTwo || !(Number.isInteger(r) && r >= 1) || !(Number.isInteger(p) && p >= 1)) {
    throw new CofferError("BAD_FORMAT", `${name} has invalid scrypt parameters`, {
      data: { N, r, p },
    });
  }
  if (128 * r * Math.max(N, p) > MAX_SCRYPT_MEMORY || p > MAX_SCRYPT_P) {
    throw new CofferError("TOO_LARGE", `${name} asks for too much memory or time to open`, {
      data: { N, r, p },
    });
  }
}

/** JSON bytes of the master key, to be sealed into a key file. The caller wipes them. */
export function encodeMasterKey(key: MasterKeyParts): Uint8Array {
  return utf8(
    `{"mac":{"k":"${toBase64(key.macK)}","r":"${toBase64(key.macR)}"},` +
      `"encrypt":"${toBase64(key.encrypt)}"}`,
  );
}

/**
 * Decodes the opened `data` of a key file. Messages never show key bytes.
 * @throws BAD_FORMAT when a part is missing, of wrong length, or all zero
 */
export function decodeMasterKey(bytes: Uint8Array): MasterKeyParts {
  const reader = new JsonReader(bytes, "BAD_FORMAT", "The master key");
  let encrypt = "";
  const mac = { k: "", r: "" };
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    if (key === "encrypt") encrypt = reader.string();
    else if (key !== "mac") reader.skip();
    else {
      for (let inner = reader.openObject(); inner; inner = reader.nextMember()) {
        const part = reader.key();
        if (part === "k" || part === "r") mac[part] = reader.string();
        else reader.skip();
      }
    }
  }
  reader.finish();
  const part = (text: string, length: number, label: string): Uint8Array => {
    const value = fromBase64(text);
    if (value?.length !== length) return reader.fail(`its part ${label} is not ${length} bytes`);
    if (value.every((byte) => byte === 0)) return reader.fail(`its part ${label} is all zero`);
    return value;
  };
  return {
    encrypt: part(encrypt, 32, "encrypt"),
    macK: part(mac.k, 16, "k"),
    macR: part(mac.r, 16, "r"),
  };
}
