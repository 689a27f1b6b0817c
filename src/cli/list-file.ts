/** Files that hold lists, given by name or as - for standard input. */
import type { CliIo } from "#cli/cli-io.ts";

/** Beyond this a list is refused: millions of paths. */
const LIST_LIMIT = 1024 * 1024 * 1024;

/** @throws BAD_OPTION when it cannot be read, TOO_LARGE */
export function readListFile(path: string, io: CliIo): Promise<Uint8Array> {
  return path === "-" ? io.stdin.readAll(LIST_LIMIT) : io.files.read(path, LIST_LIMIT);
}
