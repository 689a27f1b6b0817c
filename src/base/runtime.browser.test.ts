import { expect, test } from "vitest";
import { createBrowserClock } from "#base/browser/browser-clock.ts";
import { createBrowserRandom } from "#base/browser/browser-random.ts";
import { toMillis } from "#base/timestamp.ts";

test("the browser's clock tells the time, goes forward and sleeps", async () => {
  const clock = createBrowserClock();
  expect(Math.abs(toMillis(clock.now()) - Date.now())).toBeLessThan(1000);
  const before = clock.monotonicMs();
  await clock.sleep(20);
  expect(clock.monotonicMs() - before).toBeGreaterThan(15);
  const offset = clock.offsetMinutesAt(0);
  expect(Math.abs(offset)).toBeLessThanOrEqual(14 * 60);
  expect(Object.is(offset, -0)).toBe(false);
});

test("a fired signal ends a sleep", async () => {
  const stop = new AbortController();
  const sleeping = createBrowserClock().sleep(60_000, stop.signal);
  stop.abort();
  await expect(sleeping).rejects.toMatchObject({ code: "ABORTED" });
});

test("the browser's randomness fills more than one call gives", () => {
  const bytes = createBrowserRandom().fill(new Uint8Array(200_000));
  for (let at = 0; at < bytes.length; at += 1000) {
    expect(bytes.subarray(at, at + 1000).some((byte) => byte !== 0)).toBe(true);
  }
});
