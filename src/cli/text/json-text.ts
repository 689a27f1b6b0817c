/**
 * JSON as scripts written for restic expect it: one line, numbers above 2^53 exact (bigint),
 * `undefined` left out. Key order is the order in which the object was made.
 */

export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | RawJson
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Text that is JSON already and goes out as it is. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** One line of JSON, without line end. */
export function jsonText(value: JsonValue): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof RawJson) return value.text;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => jsonText(item)).join(",")}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value as { [key: string]: JsonValue })) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${jsonText(member)}`);
  }
  return `{${members.join(",")}}`;
}

/** The value, or undefined for 0, "", false and empty lists: how restic leaves out zero fields. */
export function unlessZero<T extends string | number | bigint | boolean | readonly unknown[]>(
  value: T | undefined,
): T | undefined {
  if (value === undefined || !value) return undefined;
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}
