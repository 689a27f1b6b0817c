/**
 * The file system of this machine as a {@link SourceTree}. Synchronous; one object per thread.
 *
 * What is read is what was asked for: no call follows a final symlink, a file is checked again
 * after opening, and a FIFO put in its place neither blocks nor is read.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { CofferError } from "#base/errors.ts";
import type { NodeMeta } from "#format/node.ts";
import { AttributeReader } from "#platform/node/attribute-reader.ts";
import { DeepPaths } from "#platform/node/deep-paths.ts";
import { FolderReader } from "#platform/node/folder-reader.ts";
import { accountFiles } from "#platform/node/posix-accounts.ts";
import { posixCalls, type AccountCalls, type PosixCalls } from "#platform/node/posix-calls.ts";
import { asBuffer } from "#platform/node/raw-path.ts";
import { fromNodeStat, StatxDecoder, type StatMeta } from "#platform/node/stat-meta.ts";
import { namedError, systemCode } from "#platform/node/system-error.ts";
import type { RawPath, SourceFile, SourceTree } from "#platform/source-tree.ts";

/** Something that is not in the metadata because it could not be read. */
export interface SourceWarning {
  readonly path: RawPath;
  /** Raw name of the attribute; undefined when the list of attributes could not be read. */
  readonly attribute: Uint8Array | undefined;
  readonly error: Error;
}

export interface NodeSourceOptions {
  /** Keep the access time; else it equals the modification time, as restic has it. */
  readonly withAtime?: boolean;
  /** Told of each attribute that exists and cannot be read. */
  readonly onWarning?: (warning: SourceWarning) => void;
  /** The native calls; undefined does without. Default: {@link posixCalls}. For tests. */
  readonly calls?: PosixCalls | undefined;
}

/** A {@link SourceTree} that holds descriptors. */
export interface NodeSource extends SourceTree {
  /** Descriptors of deep folders that are held now; at most 64. */
  readonly heldDescriptors: number;
  /** Releases them. The source stays usable. */
  close(): void;
}

/**
 * Opens the machine's file system for reading. Cost, measured on ext4: see the table in
 * docs/adr/0005-native-calls.md. Without the native calls attributes are empty; say
 * `posixCallsProblem()` to the user then.
 * @throws CofferError UNSUPPORTED on Windows
 */
export function createNodeSource(options: NodeSourceOptions = {}): NodeSource {
  if (process.platform === "win32") {
    throw new CofferError("UNSUPPORTED", "Cannot read the files of Windows yet");
  }
  return new PosixSource(options, "calls" in options ? options.calls : posixCalls());
}

const READ_FILE = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Linux: leaves the access time as it was; only the owner and root may ask for it. */
const NO_ATIME = constants.O_NOATIME ?? 0;
const LINK_BYTES = 65_536;
const EMPTY_PATH = new Uint8Array(0);

class PosixSource implements NodeSource {
  readonly #options: NodeSourceOptions;
  readonly #withAtime: boolean;
  readonly #calls: PosixCalls | undefined;
  readonly #accounts: AccountCalls;
  readonly #attributes: AttributeReader | undefined;
  readonly #folders: FolderReader;
  readonly #deep = new DeepPaths();
  readonly #statx = new StatxDecoder();
  readonly #link = new Uint8Array(LINK_BYTES);
  readonly #lstatFlags: number;
  readonly #users = new Map<number, string>();
  readonly #groups = new Map<number, string>();

  constructor(options: NodeSourceOptions, calls: PosixCalls | undefined) {
    this.#options = options;
    this.#withAtime = options.withAtime ?? false;
    this.#calls = calls;
    this.#accounts = calls ?? accountFiles();
    this.#attributes = calls && new AttributeReader(calls);
    this.#folders = new FolderReader(calls);
    this.#lstatFlags =
      calls === undefined
        ? 0
        : calls.constants.AT_SYMLINK_NOFOLLOW | calls.constants.AT_NO_AUTOMOUNT;
  }

  get heldDescriptors(): number {
    return this.#deep.held;
  }

  close(): void {
    this.#deep.close();
  }

  list(directory: RawPath): Uint8Array[] {
    return this.#deep.run(directory, (path) => this.#folders.list(path));
  }

  lstat(path: RawPath): NodeMeta {
    return this.#deep.run(path, (short) => this.#lstat(short, path));
  }

  open(path: RawPath): SourceFile {
    return this.#deep.run(path, (short) => {
      const fd = openToRead(short, path);
      try {
        const stat = this.#fstat(fd);
        if (stat.type !== "file") throw notRegular(path);
        return new OpenFile(fd, () => this.#complete(stat, fd, path, undefined));
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    });
  }

  #lstat(short: RawPath, path: RawPath): NodeMeta {
    const calls = this.#calls;
    const stat = calls?.statx(calls.constants.AT_FDCWD, short, this.#lstatFlags, this.#statx.buffer)
      ? this.#statx.decode(this.#withAtime)
      : fromNodeStat(lstatSync(asBuffer(short), { bigint: true }), this.#withAtime);
    const target = stat.type === "symlink" ? this.#target(short) : undefined;
    return this.#complete(stat, short, path, target);
  }

  #fstat(fd: number): StatMeta {
    const calls = this.#calls;
    const flags = calls?.constants.AT_EMPTY_PATH ?? 0;
    return calls?.statx(fd, EMPTY_PATH, flags, this.#statx.buffer)
      ? this.#statx.decode(this.#withAtime)
      : fromNodeStat(fstatSync(fd, { bigint: true }), this.#withAtime);
  }

  #complete(
    stat: StatMeta,
    entry: RawPath | number,
    path: RawPath,
    linkTarget: Uint8Array | undefined,
  ): NodeMeta {
    const xattrs =
      this.#attributes?.read(entry, (attribute, error) =>
        this.#options.onWarning?.({ path, attribute, error }),
      ) ?? [];
    // Written out: a spread of twelve fields costs more than the system call.
    return {
      type: stat.type,
      mode: stat.mode,
      mtime: stat.mtime,
      atime: stat.atime,
      ctime: stat.ctime,
      uid: stat.uid,
      gid: stat.gid,
      user: this.#user(stat.uid),
      group: this.#group(stat.gid),
      inode: stat.inode,
      deviceId: stat.deviceId,
      size: stat.size,
      links: stat.links,
      linkTarget,
      xattrs,
      device: stat.device,
    };
  }

  #target(short: RawPath): Uint8Array {
    const calls = this.#calls;
    if (calls === undefined) {
      return new Uint8Array(readlinkSync(asBuffer(short), { encoding: "buffer" }));
    }
    const length = calls.readlinkat(calls.constants.AT_FDCWD, short, this.#link);
    return this.#link.slice(0, length);
  }

  #user(uid: number): string {
    let name = this.#users.get(uid);
    if (name === undefined) this.#users.set(uid, (name = this.#accounts.userName(uid)));
    return name;
  }

  #group(gid: number): string {
    let name = this.#groups.get(gid);
    if (name === undefined) this.#groups.set(gid, (name = this.#accounts.groupName(gid)));
    return name;
  }
}

class OpenFile implements SourceFile {
  readonly #fd: number;
  readonly #complete: () => NodeMeta;
  #meta: NodeMeta | undefined;
  #open = true;

  constructor(fd: number, complete: () => NodeMeta) {
    this.#fd = fd;
    this.#complete = complete;
  }

  /** `stat` was taken at opening; the attributes follow at first use: most files need neither. */
  get meta(): NodeMeta {
    if (this.#meta === undefined) {
      if (!this.#open) throw namedError("EBADF", "bad file descriptor", "fstat");
      this.#meta = this.#complete();
    }
    return this.#meta;
  }

  read(into: Uint8Array, at: number, length: number, position?: number): number {
    return readSync(this.#fd, into, at, length, position ?? null);
  }

  close(): void {
    if (!this.#open) return;
    // A second close could hit a descriptor that has been given to another file.
    this.#open = false;
    closeSync(this.#fd);
  }
}

function openToRead(short: RawPath, path: RawPath): number {
  const buffer = asBuffer(short);
  try {
    return openSync(buffer, READ_FILE | NO_ATIME);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EPERM" && NO_ATIME !== 0) return openSync(buffer, READ_FILE);
    // What O_NOFOLLOW says of a symlink, and open of a socket or of a device without a driver.
    if (code === "ELOOP" || code === "EMLINK" || code === "ENXIO") throw notRegular(path, error);
    throw error;
  }
}

function notRegular(path: RawPath, cause?: unknown): Error {
  const error = namedError("ENOTREG", "no longer a regular file", "open", path);
  if (cause !== undefined) error.cause = cause;
  return error;
}
