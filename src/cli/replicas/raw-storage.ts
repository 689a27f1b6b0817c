/** Storage without a repository opened on it: for commands that need no password. */
import type { Backend } from "#backends/backend.ts";
import type { CliContext } from "#cli/context.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { openStorage } from "#engine/node/storage.ts";

export interface RawStorages extends AsyncDisposable {
  /** In the order of the locations. */
  readonly backends: readonly Backend[];
  sha256(bytes: Uint8Array): Uint8Array;
}

/** Opens places as they are; nothing is read. @throws BAD_LOCATION, UNSUPPORTED, storage errors */
export async function openRawStorages(
  locations: readonly string[],
  { printer }: CliContext,
): Promise<RawStorages> {
  const primitives = createNodePrimitives();
  const backends: Backend[] = [];
  const closeAll = async (): Promise<void> => {
    for (const backend of backends) await backend.close();
  };
  const warn = (text: string): void => printer.error(`warning: ${terminalText(text)}`);
  try {
    for (const location of locations) {
      backends.push((await openStorage(location, primitives, warn)).backend);
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  return {
    backends,
    sha256: (bytes) => primitives.crypto.sha256(bytes),
    [Symbol.asyncDispose]: closeAll,
  };
}
