/** Entries of a snapshot for users of the library. */
import { fromUtf8 } from "#base/bytes.ts";
import type { ListedEntry, ListOptions } from "#engine/node/library-types.ts";
import type { Session } from "#engine/node/session.ts";
import { listTree, type LsEntry } from "#operations/ls.ts";
import { permissionsOf } from "#platform/posix-mode.ts";

/** @param tree 32-byte id of the tree to list */
export async function* listEntries(
  session: Session,
  tree: Uint8Array,
  options: ListOptions,
): AsyncGenerator<ListedEntry> {
  const { paths, recursive, sort, reverse } = options;
  const { signal } = session;
  const entries = listTree(session.repository, tree, {
    signal,
    ...(paths && { paths }),
    ...(recursive !== undefined && { recursive }),
    ...(sort && { sort }),
    ...(reverse !== undefined && { reverse }),
  });
  for await (const entry of entries) yield describeEntry(entry);
}

function describeEntry({ path, node }: LsEntry): ListedEntry {
  const { type, size, mode, mtime, uid, gid, user, group, linkTarget } = node;
  return {
    path: fromUtf8(path),
    rawPath: path,
    type,
    size,
    permissions: permissionsOf(mode),
    mtime,
    uid,
    gid,
    user,
    group,
    linkTarget: linkTarget && fromUtf8(linkTarget),
  };
}
