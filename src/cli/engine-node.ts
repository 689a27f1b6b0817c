/** The engine of this process: Node's implementations behind the port that commands use. */
import { utf8 } from "#base/bytes.ts";
import { cacheFolder } from "#backends/node/cache-folders.ts";
import type { CliIo } from "#cli/cli-io.ts";
import type { Engine, InitRequest, InitResult, OpenRequest } from "#cli/engine-port.ts";
import { createCheckpointFiles } from "#engine/node/checkpoint-files.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { openSession } from "#engine/node/session.ts";
import { createNodeSource } from "#platform/node/node-source.ts";
import { openStorage } from "#engine/node/storage.ts";
import { initRepository } from "#operations/init.ts";

export function createNodeEngine(io: CliIo): Engine {
  return {
    async open(request) {
      const session = await openSession({
        location: request.location,
        password: utf8(request.password.reveal()),
        keyHint: request.keyHint,
        threads: request.threads === false ? 0 : request.readConcurrency,
        operation: request.threads || undefined,
        loadIndex: request.loadIndex,
        lock: request.lock,
        retryLockForMs: request.settings.retryLockMs,
        withAtime: request.withAtime,
        signal: request.signal,
        onWarning: request.onWarning,
        onWait: request.onWait,
      });
      const folder = checkpointFolder(request, session.repository.config.id, io);
      const checkpoints = folder === undefined ? undefined : createCheckpointFiles(folder);
      return {
        ...session,
        checkpoints,
        openSource: () => createNodeSource({ withAtime: request.withAtime }),
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
    init: (request) => init(request, io),
  };
}

async function init(request: InitRequest, io: CliIo): Promise<InitResult> {
  const primitives = createNodePrimitives();
  const { backend } = await openStorage(request.location, primitives, () => undefined);
  try {
    const { config } = await initRepository(backend, primitives, {
      password: utf8(request.password.reveal()),
      owner: { username: io.host.username, hostname: io.host.hostname },
      version: request.version,
      chunkerPolynomial: request.chunkerPolynomial,
      signal: request.signal,
    });
    return { id: config.id, location: backend.location };
  } finally {
    await backend.close();
  }
}

/** Beside the caches, also with --no-cache: a few bytes that save reading everything again. */
function checkpointFolder(
  { settings }: OpenRequest,
  repositoryId: string,
  io: CliIo,
): string | undefined {
  const base =
    settings.cacheDir ??
    cacheFolder({ platform: io.host.platform, env: io.env, home: io.host.homeFolder });
  return base === undefined ? undefined : `${base}/${repositoryId}`;
}
