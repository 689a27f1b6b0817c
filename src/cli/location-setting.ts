/** Which repository: `-r`, `--repository-file`, or their variables. */
import { CofferError } from "#base/errors.ts";
import type { CliIo } from "#cli/cli-io.ts";
import { decodeTextFile } from "#cli/parse/text-file.ts";
import type { Settings } from "#cli/settings.ts";

const LOCATION_FILE_LIMIT = 64 * 1024;

/**
 * The location as written. It may hold a password: never print it. @throws BAD_LOCATION, BAD_OPTION
 */
export async function resolveLocation(settings: Settings, io: CliIo): Promise<string> {
  const { repo, repositoryFile } = settings;
  if (repo !== undefined && repositoryFile !== undefined) {
    throw new CofferError(
      "BAD_OPTION",
      "Options -r and --repository-file are mutually exclusive, please specify only one",
    );
  }
  if (repo !== undefined && repo !== "") return repo;
  if (repositoryFile === undefined || repositoryFile === "") {
    throw new CofferError(
      "BAD_LOCATION",
      "Please specify repository location (-r or --repository-file)",
    );
  }
  const bytes = await io.files.read(repositoryFile, LOCATION_FILE_LIMIT);
  return decodeTextFile(repositoryFile, bytes).trim();
}
