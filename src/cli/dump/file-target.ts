/** Where `dump --target` writes: a file that appears under its name only when it is complete. */
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { CofferError } from "#base/errors.ts";

/**
 * Writes a stream to a file; an existing one is replaced at the end. Devices and pipes are written
 * to directly. @throws TARGET_FAILED, and what the stream throws, with nothing left behind
 */
export async function writeToFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  unique: string,
): Promise<void> {
  const special = await isSpecial(path);
  const partial = special ? path : `${path}.${unique}.partial`;
  const file = await attempt(path, () => open(partial, special ? "w" : "wx", 0o600));
  try {
    for await (const bytes of pieces) await attempt(path, () => writeAll(file, bytes));
    await attempt(path, () => file.close());
    if (!special) await attempt(path, () => rename(partial, path));
  } catch (error) {
    await file.close().catch(() => undefined);
    if (!special) await rm(partial, { force: true });
    throw error;
  }
}

async function isSpecial(path: string): Promise<boolean> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) throw new CofferError("TARGET_FAILED", `${path} is a folder`);
    return !facts.isFile();
  } catch (error) {
    if (error instanceof CofferError) throw error;
    // No such file, or one that opening will complain about.
    return false;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}

async function attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const code = (error as { code?: string }).code ?? String(error);
    throw new CofferError("TARGET_FAILED", `Cannot write ${path}: ${code}`, { cause: error });
  }
}
