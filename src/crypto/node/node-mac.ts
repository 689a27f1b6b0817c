/**
 * Poly1305 from OpenSSL through `crypto.createMac`, new in Node 26. Its types are not in
 * @types/node, and Node 24 lacks it, so it is looked up and proved on a known answer before it is
 *   used.
 */
import * as nodeCrypto from "node:crypto";
import { equalBytes, fromHex, utf8 } from "#base/bytes.ts";
import type { Mac } from "#crypto/portable-aead.ts";

interface NativeMac {
  update(bytes: Uint8Array): unknown;
  final(): Uint8Array;
}
type CreateMac = (algorithm: string, key: Uint8Array) => NativeMac;

/** RFC 8439, section 2.5.2. */
const KNOWN_KEY = "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b";
const KNOWN_TEXT = "Cryptographic Forum Research Group";
const KNOWN_MAC = "a8061dc1305136c6c22b8baf0c0127a9";

/** Makes a Poly1305 from a 32-byte one-time key. */
export type MacFactory = (oneTimeKey: Uint8Array) => Mac;

/** OpenSSL's Poly1305, or undefined when this Node does not offer a correct one. */
export function findNativeMac(): MacFactory | undefined {
  const create = (nodeCrypto as unknown as { createMac?: CreateMac }).createMac;
  if (typeof create !== "function") return undefined;
  const factory: MacFactory = (oneTimeKey) => {
    const mac = create("poly1305", oneTimeKey);
    return {
      update(bytes) {
        mac.update(bytes);
      },
      digest: () => mac.final(),
    };
  };
  return answersKnownTest(factory) ? factory : undefined;
}

/** False when the factory is missing an algorithm, has another interface, or computes wrongly. */
export function answersKnownTest(factory: MacFactory): boolean {
  try {
    const mac = factory(fromHex(KNOWN_KEY)!);
    mac.update(utf8(KNOWN_TEXT.slice(0, 20)));
    mac.update(utf8(KNOWN_TEXT.slice(20)));
    return equalBytes(mac.digest(), fromHex(KNOWN_MAC)!);
  } catch {
    // Whatever a foreign interface throws, the answer is the same: use the WASM twin.
    return false;
  }
}
