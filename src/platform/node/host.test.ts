import { hostname } from "node:os";
import { expect, test } from "vitest";
import { readHost } from "#platform/node/host.ts";
import { terminalFacts } from "#platform/node/terminal.ts";

test("the host has a name, processors and memory", () => {
  const host = readHost();
  expect(host.hostname).toBe(hostname());
  expect(host.processors).toBeGreaterThanOrEqual(1);
  expect(host.memoryBytes).toBeGreaterThan(2 ** 24);
  expect(host.pid).toBe(process.pid);
});

test("a terminal shows colours unless told not to", () => {
  const terminal = { isTTY: true, columns: 120 };
  const utf8 = { LANG: "C.UTF-8" };
  expect(terminalFacts(terminal, utf8, "linux")).toEqual({
    isTerminal: true,
    columns: 120,
    colors: true,
    unicode: true,
  });
  expect(terminalFacts(terminal, { NO_COLOR: "1" }, "linux")).toMatchObject({
    colors: false,
    unicode: false,
  });
  expect(terminalFacts(terminal, { TERM: "dumb" }).colors).toBe(false);
  expect(terminalFacts(terminal, { LC_ALL: "C", LANG: "C.UTF-8" }, "linux").unicode).toBe(false);
  expect(terminalFacts({ columns: 0 }, {})).toMatchObject({ isTerminal: false, columns: 80 });
});
