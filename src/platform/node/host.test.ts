import { hostname } from "node:os";
import { expect, test } from "vitest";
import { readHost } from "#platform/node/host.ts";

test("the host has a name, processors and memory", () => {
  const host = readHost();
  expect(host.hostname).toBe(hostname());
  expect(host.processors).toBeGreaterThanOrEqual(1);
  expect(host.memoryBytes).toBeGreaterThan(2 ** 24);
  expect(host.pid).toBe(process.pid);
});
