/** Local files that commands read and write by themselves. */
import { CofferError, messageOf } from "#base/errors.ts";
import type { LocalFiles } from "#cli/cli-io.ts";

/** Loaded when needed: starting the command line does not pay for it. */
const fs = () => import("node:fs/promises");

function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

export const nodeFiles: LocalFiles = {
  async read(path, limit) {
    try {
      const { open } = await fs();
      await using file = await open(path === "-" ? "/dev/stdin" : path, "r");
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const part of file.readableWebStream({ autoClose: false })) {
        const bytes = new Uint8Array(part as ArrayBuffer);
        size += bytes.length;
        if (size > limit) {
          throw new CofferError("TOO_LARGE", `${path} is larger than ${limit} bytes`);
        }
        parts.push(bytes);
      }
      return Buffer.concat(parts);
    } catch (error) {
      if (systemCode(error) === "") throw error;
      throw new CofferError(
        "BAD_OPTION",
        systemCode(error) === "ENOENT"
          ? `${path} does not exist`
          : `${path} cannot be read: ${messageOf(error)}`,
        { cause: error },
      );
    }
  },
  async write(path, data) {
    try {
      await (await fs()).writeFile(path, data);
    } catch (error) {
      throw cannotWrite(path, error);
    }
  },
  async makeFolder(path) {
    try {
      await (await fs()).mkdir(path, { recursive: true });
    } catch (error) {
      throw cannotWrite(path, error);
    }
  },
  async list(path) {
    try {
      return await (await fs()).readdir(Buffer.from(path), { encoding: "buffer" });
    } catch (error) {
      if (systemCode(error) === "") throw error;
      return undefined;
    }
  },
  async exists(path) {
    try {
      await (await fs()).lstat(Buffer.from(path));
      return "yes";
    } catch (error) {
      const code = systemCode(error);
      if (code === "") throw error;
      return code === "ENOENT" || code === "ENOTDIR" ? "no" : "denied";
    }
  },
};

function cannotWrite(path: string, error: unknown): unknown {
  if (systemCode(error) === "") return error;
  const message = `${path} cannot be written: ${messageOf(error)}`;
  return new CofferError("TARGET_FAILED", message, { cause: error });
}
