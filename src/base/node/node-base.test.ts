import { expect, test } from "vitest";
import { createOsRandom } from "#base/node/os-random.ts";
import { createSystemClock } from "#base/node/system-clock.ts";
import { toMillis } from "#base/timestamp.ts";

test("the clock agrees with the machine's, moves on, and knows its zone", async () => {
  const clock = createSystemClock();
  const before = clock.monotonicMs();
  expect(Math.abs(toMillis(clock.now()) - Date.now())).toBeLessThan(100);
  await clock.sleep(5);
  expect(clock.monotonicMs() - before).toBeGreaterThan(3);
  const winter = Date.UTC(2026, 0, 1) / 1000;
  expect(clock.offsetMinutesAt(winter)).toBe(0 - new Date(winter * 1000).getTimezoneOffset());
});

test("a sleep ends when its signal fires", async () => {
  const clock = createSystemClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(60_000, stop.signal);
  stop.abort();
  await expect(sleeping).rejects.toMatchObject({ code: "ABORTED" });
  await expect(clock.sleep(1, stop.signal)).rejects.toMatchObject({ code: "ABORTED" });
});

test("randomness fills the whole array", () => {
  const bytes = createOsRandom().fill(new Uint8Array(100_000));
  expect(new Set(bytes).size).toBe(256);
  expect(bytes.subarray(-64).some((byte) => byte !== 0)).toBe(true);
});
