/**
 * The one table of error codes. Each code is stable: scripts, the API and translations key on it.
 * Exit codes follow restic 0.19 where restic has one (0, 1, 3, 10, 11, 12, 130).
 * `docs/errors.md` is generated from this table.
 */

/** What a code means to the program and to the person who meets it. */
export interface ErrorCodeInfo {
  /** Process exit code when this error ends a command. */
  readonly exit: number;
  /** What the person can do next, as a full sentence. */
  readonly guidance: string;
}

export const ERROR_CODES = {
  // Usage: the request itself is wrong; nothing was touched.
  BAD_OPTION: { exit: 1, guidance: "Check the option's value; `--help` shows what is accepted." },
  BAD_PATTERN: { exit: 1, guidance: "Correct the exclude or include pattern and run again." },
  UNKNOWN_SNAPSHOT: {
    exit: 1,
    guidance: "List the snapshots with `coffer snapshots` and use an ID from there.",
  },
  AMBIGUOUS_ID: { exit: 1, guidance: "Give more characters of the ID." },
  PATH_NOT_FOUND: {
    exit: 1,
    guidance: "List the snapshot with `coffer ls` to see the paths it holds.",
  },
  BAD_LOCATION: {
    exit: 1,
    guidance: "Write the repository location as a path or as scheme:address.",
  },
  UNSUPPORTED: {
    exit: 1,
    guidance: "This needs something that this platform or version does not offer.",
  },

  // Backend: the storage answered with something other than the data asked for.
  NOT_FOUND: { exit: 1, guidance: "The storage lacks a file it should hold. Run `coffer check`." },
  ALREADY_EXISTS: {
    exit: 1,
    guidance: "A file of that name is already stored; it was not overwritten.",
  },
  DENIED: { exit: 1, guidance: "Check the permissions or the credentials for the storage." },
  STORAGE_FULL: { exit: 1, guidance: "Free space on the storage, then run the command again." },
  SHORT_READ: {
    exit: 1,
    guidance: "The storage returned fewer bytes than asked for. Run `coffer check`.",
  },
  STORAGE_FAILED: {
    exit: 1,
    guidance: "The storage did not answer as it should. Try again; then check the storage.",
  },

  // Repository: it is not in a state in which the command may run.
  NO_REPOSITORY: {
    exit: 10,
    guidance: "Check the location, or create a repository there with `coffer init`.",
  },
  REPOSITORY_EXISTS: {
    exit: 1,
    guidance: "Choose another location, or use the repository that is there.",
  },
  LOCKED: {
    exit: 11,
    guidance: "Wait for the other command, or remove stale locks with `coffer unlock`.",
  },
  LOCK_LOST: {
    exit: 11,
    guidance:
      "The lock could not be kept alive, so the command stopped before doing harm. Run it again.",
  },
  WRONG_PASSWORD: { exit: 12, guidance: "Check the password and the repository it belongs to." },
  NO_PASSWORD: {
    exit: 1,
    guidance:
      "Set COFFER_PASSWORD_FILE, COFFER_PASSWORD_COMMAND or COFFER_PASSWORD, or use --password-file.",
  },
  APPEND_ONLY: {
    exit: 1,
    guidance: "The storage refuses deletion. Run this command with a key that may delete.",
  },
  UNSUPPORTED_VERSION: {
    exit: 1,
    guidance: "Use a program version that knows this repository version.",
  },

  // Corruption: bytes are not what they were. Never reported as absence.
  BAD_MAC: {
    exit: 1,
    guidance: "The data was damaged or tampered with. Run `coffer check --read-data`.",
  },
  BAD_HASH: { exit: 1, guidance: "The data was damaged. Run `coffer check --read-data`." },
  BAD_FORMAT: {
    exit: 1,
    guidance: "The object is damaged or from an unknown version. Run `coffer check`.",
  },
  BAD_TREE: {
    exit: 1,
    guidance: "The folder list is damaged or hostile and was refused. Run `coffer check`.",
  },
  TOO_LARGE: {
    exit: 1,
    guidance: "The object claims a size beyond what a sound repository holds; it was refused.",
  },
  MISSING_BLOB: {
    exit: 1,
    guidance:
      "The index does not know this blob. Run `coffer check`, then back up again to heal it.",
  },

  // Source and target: files on the machine itself.
  SOURCE_MISSING: {
    exit: 1,
    guidance: "None of the given files or folders exist. Check the paths.",
  },
  SOURCE_UNREADABLE: {
    exit: 3,
    guidance: "The snapshot was saved without the files named above. Check their permissions.",
  },
  SOURCE_COMMAND_FAILED: {
    exit: 1,
    guidance: "The command given to --stdin-from-command failed, so no snapshot was saved.",
  },
  SNAPSHOTS_LEFT: {
    exit: 3,
    guidance: "The other snapshots were removed. Check the permissions, then run forget again.",
  },
  TARGET_FAILED: { exit: 1, guidance: "Check permissions and free space of the restore target." },
  UNSAFE_PATH: {
    exit: 1,
    guidance: "The snapshot names a path outside the target; it was refused. Run `coffer check`.",
  },
  INCOMPLETE: { exit: 1, guidance: "Part of the work failed; the errors above name each object." },
  CHECK_FAILED: {
    exit: 1,
    guidance: "The repository is damaged; the errors above name each object and what it harms.",
  },

  ABORTED: {
    exit: 130,
    guidance: "The command was interrupted; what was already stored stays usable.",
  },
  INTERNAL: {
    exit: 1,
    guidance: "This is a defect in Coffer. Please report it with the text above.",
  },
} as const satisfies Record<string, ErrorCodeInfo>;

/** A stable error code; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;
