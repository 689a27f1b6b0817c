/**
 * Loads the C library through koffi, once per thread and only when first asked. Where that is not
 * possible the reason is a value, so that commands can say which features are off.
 */
import { createRequire } from "node:module";
import { endianness } from "node:os";
import { messageOf } from "#base/errors.ts";

type Koffi = typeof import("koffi");
type Library = ReturnType<Koffi["load"]>;

/** A raw C function: numbers, bigints and byte arrays in, a number out (-1 means failure). */
export type RawCall = (...args: (number | bigint | Uint8Array | null | string)[]) => number;

/** The C library of this process. */
export interface PosixLibrary {
  readonly platform: "linux" | "darwin";
  /**
   * Binds a function; undefined where this C library does not export it. The result is a C `long`
   * or `int`; a trailing `...` in `parameters` makes it variadic.
   */
  bind(name: string, result: "int" | "long", parameters: readonly string[]): RawCall | undefined;
  /** The thread's errno; valid until the next call. koffi documents `koffi.errno()` for this. */
  errno(): number;
  /** Address of a byte array that stays in place; the caller must keep the array alive. */
  addressOf(bytes: Uint8Array): bigint;
}

export type LoadedLibrary =
  | { readonly library: PosixLibrary }
  | { readonly library: undefined; readonly reason: string };

/** 64-bit little-endian machines: the structures are decoded with fixed offsets. */
const ARCHITECTURES = new Set(["x64", "arm64", "riscv64", "loong64", "ppc64"]);

let loaded: LoadedLibrary | undefined;

/** The library, or why there is none. Costs about 5 ms the first time, nothing later. */
export function posixLibrary(): LoadedLibrary {
  loaded ??= load();
  return loaded;
}

function load(): LoadedLibrary {
  const { platform } = process;
  if (platform !== "linux" && platform !== "darwin") {
    return { library: undefined, reason: `no POSIX calls are bound for ${platform}` };
  }
  if (!ARCHITECTURES.has(process.arch) || endianness() !== "LE") {
    return { library: undefined, reason: `no POSIX calls are bound for ${process.arch}` };
  }
  try {
    const koffi = createRequire(import.meta.url)("koffi") as Koffi;
    return { library: wrap(koffi, koffi.load(null), platform) };
  } catch (error) {
    // Whatever keeps a native module from loading (not installed, wrong libc, policy) ends here:
    // the reason is shown to the user, and the program works on with fewer features.
    return { library: undefined, reason: `koffi did not load: ${messageOf(error)}` };
  }
}

function wrap(koffi: Koffi, library: Library, platform: "linux" | "darwin"): PosixLibrary {
  return {
    platform,
    bind(name, result, parameters) {
      try {
        return library.func(name, result, [...parameters]) as RawCall;
      } catch (error) {
        // koffi 3 throws a plain Error "Cannot find function 'x' in shared library".
        if (error instanceof Error && error.message.includes("Cannot find function")) {
          return undefined;
        }
        throw error;
      }
    },
    errno: () => koffi.errno(),
    addressOf: (bytes) => koffi.address(bytes),
  };
}
