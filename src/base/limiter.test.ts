import { describe, expect, it } from "vitest";
import { Limiter } from "#base/limiter.ts";
import { Secret } from "#base/secret.ts";

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("Limiter", () => {
  it("runs so many at once, the rest in order of arrival", async () => {
    const limiter = new Limiter(2);
    const order: number[] = [];
    let most = 0;
    const task = async (n: number): Promise<number> => {
      order.push(n);
      most = Math.max(most, limiter.active);
      await tick();
      return n;
    };
    const runs = [1, 2, 3, 4, 5].map((n) => limiter.run(() => task(n)));
    expect([limiter.active, limiter.waiting]).toEqual([2, 3]);
    expect(await Promise.all(runs)).toEqual([1, 2, 3, 4, 5]);
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect([most, limiter.active, limiter.waiting]).toEqual([2, 0, 0]);
  });

  it("frees the place of a task that fails and of a waiter that gives up", async () => {
    const limiter = new Limiter(1);
    const stop = new AbortController();
    const failing = limiter.run(async () => {
      await tick();
      throw new Error("no");
    });
    const waiting = limiter.run(async () => "never", stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    await expect(failing).rejects.toThrow("no");
    expect(await limiter.run(async () => "next")).toBe("next");
    await expect(limiter.run(async () => 1, stop.signal)).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(limiter.active).toBe(0);
    expect(() => new Limiter(0)).toThrow("room for one");
  });
});

describe("Secret", () => {
  it("shows itself only when asked", () => {
    const secret = new Secret("hunter2");
    expect(secret.reveal()).toBe("hunter2");
    expect(secret.isEmpty).toBe(false);
    for (const shown of [`${secret.toString()}`, JSON.stringify({ secret })]) {
      expect(shown).toContain("***");
      expect(shown).not.toContain("hunter2");
    }
    expect(Object.keys(secret)).toEqual([]);
  });
});
