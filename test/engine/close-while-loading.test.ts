/**
 * A command that fails at once closes its threads while they still load code, native code among it.
 * Ending them at that moment must not take the process along.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLocal } from "#backends/node/local.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { HostileRepository } from "#testkit/hostile-repository.ts";
import { Workspace } from "../programs.ts";
import { say } from "../say.ts";

const ROUNDS = 30;

test("closing while threads load leaves the process alive", async () => {
  const work = new Workspace();
  try {
    const primitives = createNodePrimitives();
    const { clock, random } = primitives;
    const root = work.path("repo");
    await HostileRepository.create(await openLocal({ root, clock, random }), primitives);
    const program = join(import.meta.dirname, "close-while-loading-program.ts");
    const result = await work.run(process.execPath, [program, root, String(ROUNDS)]);
    expect(result).toEqual({ status: 0, stdout: "", stderr: "" });
    say(`threads closed while loading: ${ROUNDS} times`);
  } finally {
    work.remove();
  }
});
