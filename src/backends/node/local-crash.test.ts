/** Every stopping point of the local storage, by killed process and by lost power. */
import { describe, expect, it } from "vitest";
import { equalBytes } from "#base/bytes.ts";
import type { FileRef } from "#backends/backend.ts";
import type { LocalFiles } from "#backends/node/local-files.ts";
import { openLocal } from "#backends/node/local.ts";
import { SimulatedCrash } from "#testkit/crashing-backend.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";
import { PowerLossFiles } from "#testkit/node/power-loss-files.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const random = seededRandom(8);
const files: readonly { file: FileRef; bytes: Uint8Array }[] = (
  ["config", "key", "pack", "index", "snapshot"] as const
).map((type, i) => ({
  file: { type, name: type === "config" ? "config" : `${i}f`.repeat(32) },
  bytes: random.fill(new Uint8Array(1500 + i)),
}));
const gone = files[3]!.file;

const open = (disk: LocalFiles) =>
  openLocal({ root: "/srv/repo", clock: createFakeClock(), random: seededRandom(9), files: disk });

/** Creates a repository, stores every file, removes the index. Notes what was acknowledged. */
async function story(disk: LocalFiles, acknowledged: Set<string>): Promise<void> {
  const backend = await open(disk);
  await backend.create();
  acknowledged.add("create");
  for (const { file, bytes } of files) {
    await backend.write(file, [bytes.subarray(0, 700), bytes.subarray(700)]);
    acknowledged.add(file.type);
  }
  // From here on it may be gone; that it must be is known once `remove` resolved.
  acknowledged.delete(gone.type);
  await backend.remove(gone);
  acknowledged.add("remove");
}

/** A file under its name is whole, an acknowledged one is there, and all can be stored again. */
async function inspect(disk: LocalFiles, acknowledged: Set<string>, where: string): Promise<void> {
  const backend = await open(disk);
  if (!acknowledged.has("create")) await backend.create();
  for (const { file, bytes } of files) {
    const found = await backend.stat(file);
    if (acknowledged.has(file.type)) expect(found, `${where}: ${file.type} lost`).toBeDefined();
    if (file === gone && acknowledged.has("remove")) {
      expect(found, `${where}: removed ${file.type} is back`).toBeUndefined();
    }
    if (found === undefined) await backend.write(file, [bytes]);
    const whole = equalBytes(await backend.read(file), bytes);
    expect(whole, `${where}: ${file.type} is not whole`).toBe(true);
  }
}

describe("LocalBackend stopped dead", () => {
  it("never shows a file that is not whole, wherever it stops", async () => {
    const counting = new PowerLossFiles();
    await story(counting, new Set());
    const { calls } = counting;
    expect(calls).toBeGreaterThan(300);
    let cases = 0;
    for (let at = 1; at <= calls; at++) {
      // Making the 256 folders is the same step again and again.
      if (at > 40 && at < 250 && at % 32 !== 0) continue;
      for (const when of ["before", "after"] as const) {
        const disk = new PowerLossFiles({ at, when });
        const acknowledged = new Set<string>();
        const stopped = story(disk, acknowledged);
        await expect(stopped, `call ${at} of ${calls}`).rejects.toThrow(SimulatedCrash);
        for (let seed = 0; seed < 4; seed++) {
          const where = `call ${at} ${when}, seed ${seed}`;
          await inspect(disk.loseDisk(seededRandom(seed)), acknowledged, where);
          cases++;
        }
      }
    }
    expect(cases).toBeGreaterThan(700);
  });

  it("is found out when a sync is left out", async () => {
    const forgetful = (skipped: "sync" | "syncFolder") => {
      const disk = new PowerLossFiles();
      const lying = new Proxy(disk, {
        get(target, key) {
          if (key === "syncFolder" && skipped === "syncFolder") return async () => true;
          const value: unknown = Reflect.get(target, key, target);
          if (typeof value !== "function") return value;
          if (key !== "create" || skipped !== "sync") return value.bind(target);
          return async (path: string, mode: number) => ({
            ...(await target.create(path, mode)),
            sync: async () => true,
          });
        },
      });
      return { disk, lying };
    };
    for (const skipped of ["sync", "syncFolder"] as const) {
      let caught = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { disk, lying } = forgetful(skipped);
        const acknowledged = new Set<string>();
        await story(lying, acknowledged);
        await inspect(disk.loseDisk(seededRandom(seed)), acknowledged, "").catch(() => caught++);
      }
      expect(caught, `${skipped} left out`).toBeGreaterThan(10);
    }
  });
});
