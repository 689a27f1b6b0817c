/** Tag lists: `a,b` means both; a repeated option means either. */

/** Tags of one `--tag` value; blanks around are dropped. `''` gives one empty tag: "untagged". */
export function parseTagList(text: string): string[] {
  return text.split(",").map((tag) => tag.trim());
}

/** All tags of repeated `--tag` values, empty ones left out, each once: for a new snapshot. */
export function flattenTags(values: readonly string[]): string[] {
  return [...new Set(values.flatMap(parseTagList).filter((tag) => tag !== ""))];
}
