import { expect, test } from "vitest";
import { createFakeClock } from "#testkit/fake-clock.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

test("sleeping advances both times", async () => {
  const clock = createFakeClock({ seconds: 10, nanos: 999_000_000 });
  await clock.sleep(1.5);
  expect(clock.now()).toEqual({ seconds: 11, nanos: 500_000 });
  expect(clock.monotonicMs()).toBe(1.5);
  clock.setNow({ seconds: 5, nanos: 1 });
  expect(clock.now()).toEqual({ seconds: 5, nanos: 1 });
  expect(clock.monotonicMs()).toBe(1.5);
  clock.setOffsetMinutes(60);
  expect(clock.offsetMinutesAt(0)).toBe(60);
  await expect(clock.sleep(1, AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
});

test("a seed repeats, however the bytes are asked for", () => {
  const whole = seededRandom(5).fill(new Uint8Array(1000));
  const random = seededRandom(5);
  const parts = [1, 2, 3, 994].map((length) => random.fill(new Uint8Array(length)));
  expect(parts.flatMap((part) => [...part])).toEqual([...whole]);
  expect([...seededRandom(6).fill(new Uint8Array(8))]).not.toEqual([...whole.subarray(0, 8)]);
});
