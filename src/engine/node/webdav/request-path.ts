/** Paths of requests as raw names, and back. */
import { nameProblem } from "#format/safe-name.ts";

/** Names of the path, decoded to bytes; undefined for what is no sound path. */
export function parsePath(url: string): Uint8Array[] | undefined {
  const path = url.split(/[?#]/, 1)[0]!;
  if (!path.startsWith("/")) return undefined;
  const names: Uint8Array[] = [];
  for (const part of path.split("/")) {
    if (part === "") continue;
    const name = decodeName(part);
    if (!name || nameProblem(name) !== undefined) return undefined;
    names.push(name);
  }
  return names;
}

function decodeName(part: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (let i = 0; i < part.length; i++) {
    if (part[i] !== "%") {
      bytes.push(part.charCodeAt(i) & 0xff);
      continue;
    }
    const hex = part.slice(i + 1, i + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) return undefined;
    bytes.push(Number.parseInt(hex, 16));
    i += 2;
  }
  return Uint8Array.from(bytes);
}

/** A path for an `href`: every byte that is not plain is encoded. */
export function formatPath(names: readonly Uint8Array[], isFolder: boolean): string {
  const parts = names.map((name) => Array.from(name, encodeByte).join(""));
  return `/${parts.join("/")}${isFolder && parts.length > 0 ? "/" : ""}`;
}

function encodeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(char)
    ? char
    : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** `bytes=a-b`: one stretch `[from, to)`; "all" when there is none, "bad" beyond the file. */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | "all" | "bad" {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return "all";
  if (match[1] === "") {
    const length = Math.min(size, Number(match[2]));
    return length === 0 ? "bad" : { from: size - length, to: size };
  }
  const from = Number(match[1]);
  const to = match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  return from >= size || to <= from ? "bad" : { from, to };
}
