/**
 * The library that `import … from "coffer"` gives: an opened repository whose methods are the
 * operations of the command line. Each call takes its own lock, reads the index afresh and gives
 * everything back when it ends, so a handle holds nothing but the key and may be kept for long.
 */
// oxlint-disable typescript/await-thenable -- blind to the disposal of sessions; tsc sees it
import { toHex, utf8 } from "#base/bytes.ts";
import type { OperationContext } from "#base/progress.ts";
import { listEntries } from "#engine/node/library-list.ts";
import { runBackup } from "#engine/node/library-backup.ts";
import type {
  InitOptions,
  LibraryBackupOptions,
  LibraryRestoreOptions,
  ListedEntry,
  ListOptions,
  OpenOptions,
} from "#engine/node/library-types.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { openSession, type Session, type SessionOptions } from "#engine/node/session.ts";
import { openStorage } from "#engine/node/storage.ts";
import type { Config } from "#format/config.ts";
import { idToBytes } from "#format/id.ts";
import type { BackupEvent, BackupResult } from "#operations/backup/options.ts";
import { check } from "#operations/check/check.ts";
import type { CheckEvent, CheckOptions, CheckResult } from "#operations/check/check-types.ts";
import { initRepository as init } from "#operations/init.ts";
import { readFileContent } from "#operations/read-file.ts";
import type { RestoreEvent, RestoreResult } from "#operations/restore/options.ts";
import { restore } from "#operations/restore/restore.ts";
import { readHost } from "#platform/node/host.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import type { OpenedKey } from "#repository/keys.ts";
import { matchesFilter, type SnapshotFilter } from "#repository/snapshot-filter.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";
import { loadSnapshots, type LoadedSnapshots } from "#repository/snapshots.ts";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an existing repository. Costs a key derivation (some 0.1 s) and a few small reads; later
 * calls reuse the key.
 * @throws NO_REPOSITORY, WRONG_PASSWORD, BAD_LOCATION, UNSUPPORTED, and storage errors
 */
export async function openRepository(options: OpenOptions): Promise<LibraryRepository> {
  const settings = { ...options, password: passwordBytes(options.password) };
  await using session = await openSession({
    ...settings,
    threads: 0,
    loadIndex: false,
    lock: "none",
  });
  return new LibraryRepository(settings, session.key, session.repository.config);
}

/**
 * Creates an empty repository and opens it.
 * @throws REPOSITORY_EXISTS, BAD_LOCATION, UNSUPPORTED, and storage errors
 */
export async function initRepository(options: InitOptions): Promise<LibraryRepository> {
  const primitives = createNodePrimitives();
  const { backend } = await openStorage(options.location, primitives, () => undefined);
  const host = readHost();
  const password = passwordBytes(options.password);
  try {
    const { config, masterKey, keyId } = await init(backend, primitives, {
      password,
      owner: { username: host.userName, hostname: host.hostname },
      version: options.version ?? 2,
      signal: options.signal,
    });
    return new LibraryRepository({ ...options, password }, { masterKey, keyId }, config);
  } finally {
    await backend.close();
  }
}

/** Text to the bytes that the key is derived from. */
function passwordBytes(password: string | Uint8Array): Uint8Array {
  return typeof password === "string" ? utf8(password) : password.slice();
}

/** How every session of a handle is opened. */
export type LibrarySettings = OpenOptions & { readonly password: Uint8Array };

/** A repository opened by {@link openRepository}. Calls may run side by side, as locks allow. */
export class LibraryRepository {
  /** 64 hex digits. */
  readonly id: string;
  /** Format version. */
  readonly version: number;
  readonly location: string;
  readonly #settings: LibrarySettings;
  readonly #key: OpenedKey;

  /** @internal Use {@link openRepository}. */
  constructor(settings: LibrarySettings, key: OpenedKey, config: Config) {
    this.id = config.id;
    this.version = config.version;
    this.location = settings.location;
    this.#settings = settings;
    this.#key = key;
  }

  /**
   * Saves files and folders as a new snapshot. What cannot be read is an event and counts in
   * `errors`; the rest is saved. Holds a shared lock.
   * @throws SOURCE_MISSING, BAD_PATTERN, LOCKED, LOCK_LOST, ABORTED, and storage errors
   */
  async backup(
    options: LibraryBackupOptions,
    context: OperationContext<BackupEvent> = {},
  ): Promise<BackupResult> {
    await using session = await this.#open("shared", context.signal);
    return await runBackup(session, options, context, this.#settings.checkpointFolder);
  }

  /**
   * Writes a snapshot, or a part of one, to a folder. Items that could not be restored as recorded
   * are events and count in `errors`: above 0 the restore is incomplete. Holds a shared lock.
   * @throws UNKNOWN_SNAPSHOT, PATH_NOT_FOUND, BAD_PATTERN, TARGET_FAILED, LOCKED, ABORTED, …
   */
  async restore(
    options: LibraryRestoreOptions,
    context: OperationContext<RestoreEvent> = {},
  ): Promise<RestoreResult> {
    const { snapshot, ...plan } = options;
    await using session = await this.#open("shared", context.signal);
    const tree = toHex(await treeOf(session, snapshot));
    const { signal, repository, pool } = session;
    return await restore(repository, pool, { ...plan, tree }, { ...context, signal });
  }

  /**
   * Snapshots that match, oldest first, and those whose files are damaged. This, {@link list} and
   * {@link readFile} hold a shared lock, so that nothing is removed under them.
   * @throws LOCKED, ABORTED, and storage errors
   */
  async snapshots(filter: SnapshotFilter = {}, options: Cancel = {}): Promise<LoadedSnapshots> {
    await using session = await this.#openToRead(options.signal, false);
    const { snapshots, broken } = await loadSnapshots(session.repository, session);
    return { snapshots: snapshots.filter((one) => matchesFilter(one, filter)), broken };
  }

  /**
   * Entries of a snapshot in tree order, folder before content, read as they are asked for.
   * @param snapshot as for {@link restore}, without a folder
   * @throws UNKNOWN_SNAPSHOT, BAD_TREE, MISSING_BLOB, ABORTED, and storage errors
   */
  async *list(snapshot: string, options: ListOptions = {}): AsyncGenerator<ListedEntry> {
    await using session = await this.#openToRead(options.signal, true);
    yield* listEntries(session, await treeOf(session, snapshot), options);
  }

  /**
   * A file's content in pieces of up to 8 MiB, each verified before it is handed out.
   * @param path within the snapshot: `/home/me/letter.txt`
   * @throws UNKNOWN_SNAPSHOT, PATH_NOT_FOUND, MISSING_BLOB, corruption codes, and storage errors
   */
  async *readFile(
    snapshot: string,
    path: string,
    options: Cancel = {},
  ): AsyncGenerator<Uint8Array> {
    await using session = await this.#openToRead(options.signal, true);
    yield* readFileContent(session.repository, await treeOf(session, snapshot), path, session);
  }

  /**
   * Verifies the repository: structure, and with `readData` the packs themselves. Sound exactly
   * when `errorCount` is 0. Holds an exclusive lock.
   * @throws LOCKED, LOCK_LOST, ABORTED, and storage errors that are no answer about one object
   */
  async check(
    options: CheckOptions = {},
    context: OperationContext<CheckEvent> = {},
  ): Promise<CheckResult> {
    // The check reads the index itself, past damaged files.
    await using session = await this.#open("exclusive", context.signal, { loadIndex: false });
    const { signal, repository, pool } = session;
    return await check(repository, pool, options, { ...context, signal });
  }

  #open(
    lock: SessionOptions["lock"],
    signal: AbortSignal | undefined,
    more: Partial<SessionOptions> = {},
  ): Promise<Session> {
    const { signal: whole, ...settings } = this.#settings;
    const signals = [whole, signal].filter((one) => one !== undefined);
    return openSession({
      ...settings,
      key: this.#key,
      lock,
      signal: AbortSignal.any(signals),
      ...more,
    });
  }

  #openToRead(signal: AbortSignal | undefined, loadIndex: boolean): Promise<Session> {
    return this.#open("shared", signal, { threads: 0, loadIndex });
  }
}

async function treeOf(session: Session, text: string): Promise<Uint8Array> {
  const { repository } = session;
  const reference = parseSnapshotReference(text);
  const { snapshot } = await findSnapshot(repository, reference.snapshot, {}, session);
  return treeOfFolder(repository, idToBytes(snapshot.tree), reference.folder, session);
}
