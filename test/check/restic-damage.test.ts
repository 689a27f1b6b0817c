/**
 * What official restic wrote, checked by our engine in worker threads: sound, then damaged file by
 * file.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { openSession } from "#engine/node/session.ts";
import { check } from "#operations/check/check.ts";
import type { CheckResult } from "#operations/check/check-types.ts";

const PASSWORD = "one two three";
const base = mkdtempSync(join(tmpdir(), "coffer-check-"));

function restic(repository: string, ...args: string[]): { status: number | null; text: string } {
  const env = { ...process.env, RESTIC_PASSWORD: PASSWORD };
  const run = spawnSync("restic", ["-r", repository, "--no-cache", ...args], { env });
  if (run.error) throw run.error;
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

async function ours(
  location: string,
  lock: "exclusive" | "none" = "exclusive",
): Promise<CheckResult> {
  const session = await openSession({
    location,
    password: utf8(PASSWORD),
    loadIndex: false,
    lock,
    threads: 2,
  });
  try {
    return await check(session.repository, session.pool, { readData: { kind: "all" } });
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe.each(["1", "2"])("repository version %s", (version) => {
  const repository = join(base, `v${version}`);

  beforeAll(() => {
    const source = join(base, "source");
    mkdirSync(join(source, "sub", "deep"), { recursive: true });
    for (let i = 0; i < 40; i++)
      writeFileSync(join(source, "sub", `f${i}`), `file ${i} `.repeat(i * 50));
    writeFileSync(
      join(source, "sub", "deep", "big"),
      Buffer.alloc(3_000_000, "some text, repeated "),
    );
    expect(restic(repository, "init", "--repository-version", version).status).toBe(0);
    expect(restic(repository, "backup", source).status).toBe(0);
    writeFileSync(join(source, "sub", "f1"), "changed");
    expect(restic(repository, "backup", source).status).toBe(0);
  });

  it("is clean", async () => {
    const result = await ours(repository);
    expect(result.errors).toEqual([]);
    expect(result.snapshots).toBe(2);
    expect(result.packsRead).toBe(result.packs);
  });

  it("respects restic's locks, and restic ours", async () => {
    const session = await openSession({
      location: repository,
      password: utf8(PASSWORD),
      lock: "exclusive",
      threads: 0,
    });
    try {
      const refused = restic(repository, "check");
      expect(refused.status).not.toBe(0);
      expect(refused.text).toContain("locked");
      await expect(ours(repository)).rejects.toMatchObject({ code: "LOCKED" });
    } finally {
      await session[Symbol.asyncDispose]();
    }
    expect(restic(repository, "check", "--read-data").status).toBe(0);
  });

  it("has each damaged file found and named", async () => {
    const copy = join(base, "copy");
    let cases = 0;
    for (const path of filesBelow(repository)) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      // The one key is needed to open at all.
      if (name === "config" || path.includes("/keys/")) continue;
      rmSync(copy, { recursive: true, force: true });
      cpSync(repository, copy, { recursive: true });
      const target = join(copy, path.slice(repository.length));
      const bytes = readFileSync(target);
      bytes[(cases * 7919) % bytes.length]! ^= 0x10;
      chmodSync(target, 0o600);
      writeFileSync(target, bytes);
      const result = await ours(copy, "none");
      expect(
        result.errors.map(({ object }) => object.id),
        path,
      ).toContain(name);
      cases++;
    }
    expect(cases).toBeGreaterThanOrEqual(6);
  });
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});
