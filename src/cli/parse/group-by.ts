/** `--group-by host,paths,tags` */
import { CofferError } from "#base/errors.ts";
import type { GroupBy } from "#repository/snapshot-filter.ts";

/** Undefined for an empty text: no grouping. @throws BAD_OPTION */
export function parseGroupBy(option: string, text: string): GroupBy | undefined {
  const by = { host: false, paths: false, tags: false };
  for (const word of text.split(",")) {
    if (word === "host" || word === "hosts") by.host = true;
    else if (word === "path" || word === "paths") by.paths = true;
    else if (word === "tag" || word === "tags") by.tags = true;
    else if (word !== "") {
      throw new CofferError(
        "BAD_OPTION",
        `invalid value for ${option} ${JSON.stringify(text)}: unknown grouping option: ` +
          `${JSON.stringify(word)}; use host, paths, tags`,
      );
    }
  }
  return by.host || by.paths || by.tags ? by : undefined;
}
