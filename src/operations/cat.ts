/** The `cat` command: one raw object, as bytes to print. */
import type { FileType } from "#backends/backend.ts";
import { equalBytes, fromHex, toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { encodeConfig } from "#format/config.ts";
import { idToBytes, parseId } from "#format/id.ts";
import { encodeMasterKey } from "#format/key-file.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import { misnamed, readKeyFile } from "#repository/keys.ts";
import type { Repository } from "#repository/repository.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";

export type CatType =
  | "masterkey"
  | "config"
  | "pack"
  | "blob"
  | "snapshot"
  | "index"
  | "key"
  | "lock"
  | "tree";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

export interface CatResult {
  readonly bytes: Uint8Array;
  /** Text to lay out for reading; packs, blobs and trees are printed as they are. */
  readonly json: boolean;
  /**
   * The bytes are not what their name says; they are given all the same, as restic does for packs.
   */
  readonly damage?: CofferError;
}

/** Kinds of which an id is needed. */
export const CAT_TYPES_WITH_ID: readonly CatType[] = [
  "pack",
  "blob",
  "snapshot",
  "index",
  "key",
  "lock",
  "tree",
];

/**
 * Loads one object. `blob` and `tree` need the index loaded.
 * @param id an id or a unique prefix (files), a full id (`blob`), `<snapshot>[:folder]` (`tree`)
 * @throws BAD_OPTION, AMBIGUOUS_ID, UNKNOWN_SNAPSHOT, MISSING_BLOB, and corruption codes
 */
export async function catObject(
  repo: Repository,
  type: CatType,
  id = "",
  options: Cancel = {},
): Promise<CatResult> {
  switch (type) {
    case "masterkey":
      return { bytes: encodeMasterKey(repo.masterKey), json: true };
    case "config":
      return { bytes: encodeConfig(repo.config), json: true };
    case "index":
    case "snapshot":
    case "lock": {
      const name = await findFile(repo, type, id, options);
      return { bytes: await repo.loadUnpacked(type, name, options), json: true };
    }
    case "key": {
      const name = await findFile(repo, "key", id, options);
      const { backend, primitives } = repo;
      const { bytes, intact } = await readKeyFile(backend, primitives, name, options.signal);
      return intact ? { bytes, json: true } : { bytes, json: true, damage: misnamed(name) };
    }
    case "pack":
      return catPack(repo, await findFile(repo, "pack", id, options), options);
    case "blob":
      return { bytes: await catBlob(repo, id, options), json: false };
    case "tree":
      return { bytes: await catTree(repo, id, options), json: false };
  }
}

async function catPack(repo: Repository, name: string, options: Cancel): Promise<CatResult> {
  const bytes = await repo.backend.read({ type: "pack", name }, options);
  if (equalBytes(repo.primitives.crypto.sha256(bytes), fromHex(name)!)) {
    return { bytes, json: false };
  }
  const message = `Pack ${name.slice(0, 8)} is damaged: hash differs`;
  const damage = new CofferError("BAD_HASH", message, { data: { pack: name } });
  return { bytes, json: false, damage };
}

async function catBlob(repo: Repository, text: string, options: Cancel): Promise<Uint8Array> {
  const id = parseId(text);
  if (!id) throw new CofferError("BAD_OPTION", `${JSON.stringify(text)} is not a blob's full id`);
  const bytes = idToBytes(id);
  for (const type of ["data", "tree"] as const) {
    if (repo.index.lookupAll(type, bytes).length > 0) return repo.loadBlob(type, bytes, options);
  }
  throw new CofferError("MISSING_BLOB", `No index names blob ${toHex(bytes, 0, 4)}`);
}

async function catTree(repo: Repository, text: string, options: Cancel): Promise<Uint8Array> {
  const reference = parseSnapshotReference(text);
  const { snapshot } = await findSnapshot(repo, reference.snapshot, {}, options);
  const tree = await treeOfFolder(repo, idToBytes(snapshot.tree), reference.folder, options);
  return repo.loadBlob("tree", tree, options);
}

async function findFile(
  repo: Repository,
  type: FileType,
  text: string,
  options: Cancel,
): Promise<string> {
  if (parseId(text)) return text;
  const names: string[] = [];
  if (/^[0-9a-f]{1,63}$/.test(text)) {
    for await (const { name } of repo.backend.list(type, options)) {
      if (name.startsWith(text)) names.push(name);
    }
  }
  if (names.length > 1) {
    throw new CofferError("AMBIGUOUS_ID", `Several files of type ${type} start ${text}`);
  }
  const name = names[0];
  if (name !== undefined) return name;
  throw new CofferError(
    type === "snapshot" ? "UNKNOWN_SNAPSHOT" : "BAD_OPTION",
    `There is no ${type} ${JSON.stringify(text)}`,
  );
}
