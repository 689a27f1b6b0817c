/**
 * Each file of a small repository is damaged in every way. The check names the file, or the damage
 * is harmless: every snapshot restores as before. A restore that reports success is right, always.
 */
import { expect, test } from "vitest";
import type { FileRef } from "#backends/backend.ts";
import type { MemoryBackend } from "#backends/memory.ts";
import { isCofferError } from "#base/errors.ts";
import { restore } from "#operations/restore/restore.ts";
import { MemoryTarget } from "#testkit/memory-target.ts";
import { say } from "../say.ts";
import { copyStorage, openForReading, simulateCheck } from "../simulation/world.ts";
import { damagesOf, makeSample, type Damage, type Sample } from "./sample-repository.ts";
import { targetFacts } from "./target-facts.ts";

type Facts = ReadonlyMap<string, string>;

interface Outcome {
  readonly detected: boolean;
  readonly named: boolean;
  readonly message: string;
}

/** An error that ends the command counts: it is as loud as a finding. */
async function checkDamaged(
  { machine }: Sample,
  storage: MemoryBackend,
  damage: Damage,
): Promise<Outcome> {
  const isNamed = (text: string, file: FileRef): boolean =>
    text.includes(file.type === "config" ? "config" : file.name.slice(0, 8));
  try {
    const { errors, errorCount } = await simulateCheck(machine.copy(), storage);
    const texts = errors.map(({ object, message }) => `${object.kind} ${object.id}: ${message}`);
    const named = damage.files.every((file) => texts.some((text) => isNamed(text, file)));
    return { detected: errorCount > 0, named, message: texts.join("; ") };
  } catch (error) {
    if (!isCofferError(error) || error.code === "INTERNAL") throw error;
    const named = damage.files.some((file) => isNamed(error.message, file));
    return { detected: true, named, message: `${error.code} ${error.message}` };
  }
}

/** Tag to what its restore gave; undefined where the restore said that it failed. */
async function restoreAll(
  { machine }: Sample,
  storage: MemoryBackend,
): Promise<Map<string, Facts | undefined>> {
  const restored = new Map<string, Facts | undefined>();
  const target = { current: new MemoryTarget() };
  const platform = { openTarget: (root: string) => target.current.open(root) };
  let opened: Awaited<ReturnType<typeof openForReading>>;
  try {
    opened = await openForReading(machine.copy(), storage, platform);
  } catch (error) {
    if (!isCofferError(error) || error.code === "INTERNAL") throw error;
    return restored;
  }
  const { repo, pool, snapshots } = opened;
  for (const { tree, tags } of snapshots) {
    target.current = new MemoryTarget();
    restored.set(tags[0]!, undefined);
    try {
      const { errors } = await restore(repo, pool, { tree, target: "/target" });
      if (errors === 0) restored.set(tags[0]!, targetFacts(target.current));
    } catch (error) {
      if (!isCofferError(error) || error.code === "INTERNAL") throw error;
    }
  }
  return restored;
}

test.each([1, 2] as const)("every damage of every file, repository version %i", async (version) => {
  const began = performance.now();
  const sample = await makeSample(version);
  const counts: Record<string, number> = {};
  expect((await simulateCheck(sample.machine.copy(), copyStorage(sample.storage))).errors).toEqual(
    [],
  );
  const truth = await restoreAll(sample, copyStorage(sample.storage));
  expect([...truth.keys()].toSorted()).toEqual(["first", "second"]);
  let tried = 0;
  let harmless = 0;
  let stillRestored = 0;
  const missed: string[] = [];
  for (const file of sample.files) {
    for (const damage of damagesOf(sample, file)) {
      tried++;
      counts[file.type] = (counts[file.type] ?? 0) + 1;
      const where = `${file.type} ${file.name.slice(0, 8)}: ${damage.what}`;
      const storage = copyStorage(sample.storage);
      damage.apply(storage);
      const restored = await restoreAll(sample, copyStorage(storage));
      for (const [tag, facts] of restored) {
        if (facts === undefined) continue;
        stillRestored++;
        expect(facts, `${where}, snapshot ${tag}`).toEqual(truth.get(tag));
      }
      const outcome = await checkDamaged(sample, storage, damage);
      const whole = [...truth.keys()].every((tag) => restored.get(tag) !== undefined);
      if (!outcome.detected) {
        // A deleted snapshot or key cannot be known to have been there; all else must be whole.
        if (!damage.unknowable && !whole) missed.push(`${where}: not detected`);
        else harmless++;
        if (!damage.unknowable) missed.push(`${where}: not detected, though harmless`);
      } else if (!outcome.named && !damage.unknowable) {
        missed.push(`${where}: not named in ${outcome.message.slice(0, 200)}`);
      }
    }
  }
  const kinds = Object.entries(counts).map(([type, count]) => `${count} ${type}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(
    `damage v${version}: ${tried} damages of ${sample.files.length} files (${kinds.join(", ")}), ` +
      `${tried - harmless - missed.length} detected and named, ${harmless} harmless deletions, ` +
      `${missed.length} missed, ${stillRestored} restores still right, ${seconds} s`,
  );
  expect(missed).toEqual([]);
});
