/** Fields of a JSON object that this program does not know, kept to be written back unchanged. */
import { quoteJson } from "#format/go-json.ts";

/** Name and JSON text of each unknown field, in the order read. */
export type ExtraFields = readonly (readonly [name: string, json: string])[];

/** Joins `"name":json` members of an object: the known ones first, then the unknown ones. */
export function encodeObject(members: readonly string[], extra: ExtraFields = []): string {
  const rest = extra.map(([name, json]) => `${quoteJson(name)}:${json}`);
  return `{${[...members, ...rest].join(",")}}`;
}
