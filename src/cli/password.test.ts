import { describe, expect, test } from "vitest";
import { CofferError } from "#base/errors.ts";
import { askNewPassword, configuredPassword, withPassword } from "#cli/password.ts";
import { createFakeIo, type FakeIoOptions } from "#cli/testing/fake-io.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

const NONE = { passwordFile: undefined, passwordCommand: undefined, insecureNoPassword: false };
const io = (options: Omit<FakeIoOptions, "clock"> = {}) =>
  createFakeIo({ clock: createFakeClock(), ...options });
const configured = async (settings: object, options: Omit<FakeIoOptions, "clock"> = {}) =>
  (await configuredPassword({ ...NONE, ...settings }, io(options)))?.reveal();
const code = (name: string) => expect.objectContaining({ code: name });

describe("configured passwords", () => {
  test("file, command and variable, in this order, trimmed", async () => {
    const env = { RESTIC_PASSWORD: " v " };
    const files = { "/pw": "\uFEFF file \n" };
    const programs = { "pass show x": " command\n" };
    expect(await configured({ passwordFile: "/pw" }, { env, files })).toBe("file");
    const settings = { passwordCommand: "pass 'show' x" };
    expect(await configured(settings, { env, programs })).toBe("command");
    expect(await configured({}, { env })).toBe(" v ");
    expect(await configured({}, { env: { ...env, COFFER_PASSWORD: "c" } })).toBe("c");
    expect(await configured({})).toBeUndefined();
  });

  test("contradictions are refused", async () => {
    await expect(configured({ passwordFile: "a", passwordCommand: "b" })).rejects.toEqual(
      code("BAD_OPTION"),
    );
    const env = { RESTIC_PASSWORD: "x" };
    await expect(configured({ insecureNoPassword: true }, { env })).rejects.toEqual(
      code("BAD_OPTION"),
    );
    expect(await configured({ insecureNoPassword: true })).toBe("");
  });
});

describe("asking", () => {
  const wrong = () => Promise.reject(new CofferError("WRONG_PASSWORD", "no key opens"));

  test("three tries at a terminal", async () => {
    const fake = io({ terminal: true, secrets: ["a", "b", "c", "d"] });
    await expect(withPassword(NONE, fake, wrong)).rejects.toEqual(code("WRONG_PASSWORD"));
    expect(fake.prompts).toHaveLength(3);
    expect(fake.err().match(/Try again/g)).toHaveLength(2);
  });

  test("one try when configured or piped", async () => {
    const tried: string[] = [];
    const open = (password: { reveal(): string }) => {
      tried.push(password.reveal());
      return wrong();
    };
    const env = { RESTIC_PASSWORD: "v" };
    await expect(withPassword(NONE, io({ env, terminal: true }), open)).rejects.toEqual(
      code("WRONG_PASSWORD"),
    );
    await expect(withPassword(NONE, io({ input: "piped\nrest" }), open)).rejects.toEqual(
      code("WRONG_PASSWORD"),
    );
    expect(tried).toEqual(["v", "piped"]);
  });

  test("an empty password is refused", async () => {
    await expect(withPassword(NONE, io({ input: "" }), () => Promise.resolve(1))).rejects.toEqual(
      code("NO_PASSWORD"),
    );
  });

  test("a new one is typed twice", async () => {
    const prompts = ["one: ", "two: "] as const;
    const same = io({ terminal: true, secrets: ["n", "n"] });
    expect((await askNewPassword(same, prompts)).reveal()).toBe("n");
    expect(same.prompts).toEqual(["one: ", "two: "]);
    await expect(
      askNewPassword(io({ terminal: true, secrets: ["n", "m"] }), prompts),
    ).rejects.toEqual(code("NO_PASSWORD"));
  });

  test("no output ever holds it", async () => {
    const fake = io({ terminal: true, secrets: ["hunter2", "hunter2", "hunter2"] });
    await expect(withPassword(NONE, fake, wrong)).rejects.toEqual(code("WRONG_PASSWORD"));
    expect(fake.out() + fake.err()).not.toContain("hunter2");
  });
});
