/**
 * From damaged objects to the snapshots and paths they spoil. A second walk over all trees, made
 * only when something is wrong; names are read again only along folders that lead to harm.
 */
import { throwIfAborted } from "#base/errors.ts";
import { idToBytes } from "#format/id.ts";
import { quoteName } from "#format/node-name.ts";
import {
  type Harm,
  MAX_LISTED_PATHS,
  MAX_LISTED_SNAPSHOTS,
} from "#operations/check/check-types.ts";
import type { Findings } from "#operations/check/findings.ts";
import { HarmGraph } from "#operations/check/harm-graph.ts";
import { decodableNodes, harmTask, lostTask, type TreeHits } from "#operations/check/harm-task.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import type { Repository } from "#repository/repository.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import type { TaskPool } from "#repository/task-pool.ts";

const BATCH = 64;

interface HarmDraft {
  readonly snapshots: string[];
  snapshotCount: number;
  readonly paths: Set<string>;
  pathCount: number;
}

export interface TraceContext {
  readonly signal?: AbortSignal | undefined;
  progress(done: number): void;
}

/** The harm of each finding, by its number. @param snapshots newest first */
export async function traceHarm(
  repo: Repository,
  pool: TaskPool,
  snapshots: readonly StoredSnapshot[],
  findings: Findings,
  context: TraceContext,
): Promise<Harm[]> {
  const drafts = findings.errors.map((): HarmDraft => ({
    snapshots: [],
    snapshotCount: 0,
    paths: new Set(),
    pathCount: 0,
  }));
  for (const [id, finding] of findings.badSnapshots) addSnapshot(drafts[finding], id);
  if (findings.harmsPaths && snapshots.length > 0) {
    const graph = await buildGraph(repo, pool, snapshots, findings, context);
    countHarm(graph, snapshots, drafts);
    await listPaths(repo, graph, snapshots, drafts, context.signal);
  }
  return drafts.map((draft) => ({
    snapshots: draft.snapshots,
    snapshotCount: draft.snapshotCount,
    paths: [...draft.paths],
    pathCount: draft.pathCount,
  }));
}

function addSnapshot(draft: HarmDraft | undefined, id: string): void {
  if (!draft) return;
  draft.snapshotCount++;
  if (draft.snapshots.length < MAX_LISTED_SNAPSHOTS) draft.snapshots.push(id);
}

async function buildGraph(
  repo: Repository,
  pool: TaskPool,
  snapshots: readonly StoredSnapshot[],
  findings: Findings,
  context: TraceContext,
): Promise<HarmGraph> {
  const lost = joinIds(findings.blame.data.ids.size, (i) => findings.blame.data.ids.idAt(i));
  for (let thread = 0; thread < pool.size; thread++) {
    await pool.run(lostTask, { ids: lost.slice() }, { thread });
  }
  const graph = new HarmGraph();
  for (const { tree } of snapshots) graph.trees.add(idToBytes(tree));
  let started = 0;
  let done = 0;
  const next = (): (() => Promise<void>) | undefined => {
    const from = started;
    const count = Math.min(BATCH, graph.trees.size - from);
    if (count === 0) return undefined;
    started += count;
    return async () => {
      const ids = joinIds(count, (i) => graph.trees.idAt(from + i));
      const hits = await pool.run(harmTask, { ids });
      hits.forEach((hit, i) => addHits(graph, findings, from + i, hit));
      context.progress((done += count));
    };
  };
  await runBounded(2 * pool.size, next, context.signal);
  graph.finish();
  return graph;
}

function addHits(graph: HarmGraph, findings: Findings, tree: number, hits: TreeHits): void {
  for (let at = 0; at < hits.children.length; at += 32) {
    graph.addEdge(tree, graph.trees.add(hits.children, at));
  }
  for (const { name, blobs } of hits.files) {
    for (const finding of new Set(blobs.flatMap((blob) => findings.blame.data.of(blob)))) {
      graph.addEntry(tree, { name, finding });
    }
  }
  const id = graph.trees.idAt(tree);
  const own = findings.blame.tree.ids.find(id);
  if (own >= 0) {
    for (const finding of findings.blame.tree.of(own)) {
      graph.addEntry(tree, { name: undefined, finding });
    }
  }
  const nodes = findings.nodeTrees.find(id);
  if (nodes >= 0) for (const entry of findings.nodes[nodes]!) graph.addEntry(tree, entry);
}

/**
 * Snapshots and numbers of places; every snapshot counts, also where paths are no longer listed.
 */
function countHarm(
  graph: HarmGraph,
  snapshots: readonly StoredSnapshot[],
  drafts: readonly HarmDraft[],
): void {
  const roots = new Map<number, number>();
  const under = new Map<number, Set<number>>();
  for (const { tree, id } of snapshots) {
    const root = graph.trees.find(idToBytes(tree));
    roots.set(root, (roots.get(root) ?? 0) + 1);
    let found = under.get(root);
    if (!found) under.set(root, (found = graph.findingsUnder(root)));
    for (const finding of found) addSnapshot(drafts[finding], id);
  }
  const counts = graph.occurrences(roots);
  for (const [tree, entries] of graph.entries) {
    const count = counts.get(tree) ?? 0;
    for (const { finding } of entries) drafts[finding]!.pathCount += count;
  }
}

interface OpenFolder {
  readonly tree: number;
  readonly path: string;
  /** Harmful folders in it still to enter. */
  readonly folders: { name: string; tree: number }[];
}

/**
 * Lists paths until each finding has enough. No tree is entered more often than paths are listed.
 */
async function listPaths(
  repo: Repository,
  graph: HarmGraph,
  snapshots: readonly StoredSnapshot[],
  drafts: readonly HarmDraft[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const visits = new Map<number, number>();
  const folders = new Map<number, { name: string; tree: number }[]>();
  const enter = async (tree: number, path: string): Promise<OpenFolder | undefined> => {
    const count = visits.get(tree) ?? 0;
    if (count === MAX_LISTED_PATHS || !graph.isHarmful(tree)) return undefined;
    visits.set(tree, count + 1);
    for (const { name, finding } of graph.entries.get(tree) ?? []) {
      const { paths } = drafts[finding]!;
      const full = name ? `${path}/${quoteName(name)}` : path || "/";
      if (paths.size < MAX_LISTED_PATHS) paths.add(full);
    }
    let inside = folders.get(tree);
    if (!inside) folders.set(tree, (inside = await harmfulFolders(repo, graph, tree)));
    return { tree, path, folders: inside.toReversed() };
  };
  for (const snapshot of snapshots) {
    const root = await enter(graph.trees.find(idToBytes(snapshot.tree)), "");
    const stack = root ? [root] : [];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      throwIfAborted(signal);
      const folder = top.folders.pop();
      if (!folder) {
        stack.pop();
        continue;
      }
      const opened = await enter(folder.tree, `${top.path}/${folder.name}`);
      if (opened) stack.push(opened);
    }
  }
}

async function harmfulFolders(
  repo: Repository,
  graph: HarmGraph,
  tree: number,
): Promise<{ name: string; tree: number }[]> {
  if (graph.below(tree).length === 0) return [];
  const found: { name: string; tree: number }[] = [];
  const bytes = await repo.loadBlob("tree", graph.trees.idAt(tree));
  for (const { subtree, name } of decodableNodes(bytes)) {
    const child = subtree ? graph.trees.find(subtree) : -1;
    if (child >= 0 && graph.isHarmful(child)) found.push({ name: quoteName(name), tree: child });
  }
  return found;
}

function joinIds(count: number, idAt: (i: number) => Uint8Array): Uint8Array<ArrayBuffer> {
  const ids = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) ids.set(idAt(i), i * 32);
  return ids;
}
