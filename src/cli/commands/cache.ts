/** `cache`: lists the local caches or removes old ones. */
import {
  cacheFolder,
  listCaches,
  removeCache,
  type CacheInfo,
} from "#backends/node/cache-folders.ts";
import { toMillis } from "#base/timestamp.ts";
import type { CliContext } from "#cli/context.ts";
import { parseCount } from "#cli/parse/sizes.ts";
import { formatBytes } from "#cli/text/format-human.ts";
import { renderTable } from "#cli/text/table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";

export interface CacheOptions {
  readonly cleanup?: true | undefined;
  readonly maxAge: string;
  readonly size: boolean;
}

const DAY_MS = 86_400_000;

export async function run(options: CacheOptions, context: CliContext): Promise<number> {
  const { settings, printer, io } = context;
  const maxAgeMs = parseCount("--max-age", options.maxAge) * DAY_MS;
  if (settings.noCache) throw badOption("Refusing to do anything, the cache is disabled");
  const folder = settings.cacheDir ?? cacheFolder(systemFacts(context));
  if (folder === undefined) throw badOption("This system names no cache folder; use --cache-dir");
  const now = toMillis(io.clock.now());
  const caches = (await listCaches(folder)).toSorted((a, b) => a.usedMs - b.usedMs);
  const isOld = (cache: CacheInfo) => now - cache.usedMs > maxAgeMs;
  if (options.cleanup === true || settings.cleanupCache) {
    await removeOld(folder, caches.filter(isOld), context);
    return 0;
  }
  if (caches.length === 0) {
    printer.result(`no cache dirs found, basedir is ${terminalText(folder)}`);
    return 0;
  }
  const rows: string[][] = [];
  for (const cache of caches) {
    const days = Math.max(0, Math.floor((now - cache.usedMs) / DAY_MS));
    const size = options.size ? [formatBytes(await cache.size()).padStart(11)] : [];
    const old = isOld(cache) ? "yes" : "";
    rows.push([cache.repositoryId.slice(0, 10), `${days} days ago`, old, ...size]);
  }
  const columns = ["Repo ID", "Last Used", "Old", ...(options.size ? ["Size"] : [])];
  printer.raw(renderTable({ columns, rows }));
  printer.result(`${caches.length} cache dirs in ${terminalText(folder)}`);
  return 0;
}

async function removeOld(
  folder: string,
  old: readonly CacheInfo[],
  { printer, io }: CliContext,
): Promise<void> {
  if (old.length === 0) {
    printer.message("no old cache dirs found");
    return;
  }
  printer.message(`remove ${old.length} old cache directories`);
  for (const { repositoryId } of old) {
    if (io.signal.aborted) return;
    await removeCache(folder, repositoryId);
  }
}

function systemFacts({ io }: CliContext) {
  return { platform: io.host.platform, env: io.env, home: io.host.homeFolder };
}
