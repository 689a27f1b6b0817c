import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { decodeLock } from "#format/lock.ts";
import {
  acquireLock,
  type LockOptions,
  type ProcessFacts,
  removeLocks,
  type RepositoryLock,
} from "#repository/locks.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import { createTrafficGate } from "#repository/traffic-gate.ts";
import { createManualClock, type ManualClock } from "#testkit/manual-clock.ts";
import { makeTestRepository, testPrimitives } from "#testkit/test-repository.ts";

let clock: ManualClock;
let backend: MemoryBackend;
let repo: OpenedRepository;
let alive: Set<number>;

const MINUTE = 60_000;

function facts(pid = 1, hostname = "one"): ProcessFacts {
  const isProcessAlive = (asked: number): boolean => alive.has(asked);
  return { hostname, username: "me", pid, uid: 1000, gid: 100, isProcessAlive };
}

beforeEach(async () => {
  clock = createManualClock();
  backend = new MemoryBackend();
  const parts = { crypto: createNodeCrypto, zstd: createNodeZstd() };
  repo = await makeTestRepository(testPrimitives(parts, { clock }), backend);
  alive = new Set([1, 2]);
});

const lockFiles = (): string[] =>
  [...backend.files.keys()].filter((path) => path.startsWith("locks/")).map((p) => p.slice(6));

/** Takes a lock while time passes. */
async function acquire(options: Partial<LockOptions> = {}, pid = 1) {
  const taking = acquireLock(repo, facts(pid), { exclusive: false, ...options });
  taking.catch(() => undefined);
  await clock.advance(200);
  const lock = await taking;
  held.push(lock);
  return lock;
}

/** Given back after each test; twice does no harm. */
let held: RepositoryLock[] = [];

afterEach(async () => {
  for (const lock of held) await lock.release();
  held = [];
});

describe("taking a lock", () => {
  it("stores restic's fields and waits 200 ms before it looks again", async () => {
    const taking = acquireLock(repo, facts(), { exclusive: true });
    await clock.advance(199);
    expect(lockFiles()).toHaveLength(1);
    await clock.advance(1);
    const lock = await taking;
    const json = await repo.loadUnpacked("lock", lock.id);
    const stored = {
      exclusive: true,
      hostname: "one",
      username: "me",
      pid: 1,
      uid: 1000,
      gid: 100,
    };
    expect(decodeLock(json)).toMatchObject(stored);
    await lock.release();
    expect(lockFiles()).toEqual([]);
  });

  it.each([
    [false, false, true],
    [false, true, false],
    [true, false, false],
    [true, true, false],
  ])("held exclusively %s, asked exclusively %s: granted %s", async (held, asked, granted) => {
    const first = await acquire({ exclusive: held });
    const attempt = acquire({ exclusive: asked }, 2);
    if (granted) await (await attempt).release();
    else await expect(attempt).rejects.toMatchObject({ code: "LOCKED", data: { pid: 1 } });
    expect(lockFiles()).toEqual([first.id]);
  });

  it("of two that start at once, no two hold conflicting locks", async () => {
    const both = [1, 2].map((pid) => acquireLock(repo, facts(pid), { exclusive: true }));
    const settled = Promise.allSettled(both);
    await clock.advance(1000);
    const granted = (await settled).filter(({ status }) => status === "fulfilled");
    expect(granted.length).toBeLessThan(2);
    expect(lockFiles()).toHaveLength(granted.length);
  });

  it("an old lock blocks too, until it is removed", async () => {
    const old = await acquire({ exclusive: true });
    const bytes = backend.files.get(`locks/${old.id}`)!;
    const name = old.id;
    await old.release();
    backend.files.set(`locks/${name}`, bytes);
    await clock.advance(31 * MINUTE);
    await expect(acquire({}, 2)).rejects.toMatchObject({ code: "LOCKED" });
    expect(await removeLocks(repo, facts(2), { all: false })).toMatchObject({ removed: [name] });
    await (await acquire({}, 2)).release();
  });

  it("an unreadable lock is refused after restic's pauses; an empty one is ignored", async () => {
    backend.files.set(`locks/${"a".repeat(64)}`, new Uint8Array(0));
    await (await acquire()).release();
    backend.files.set(`locks/${"b".repeat(64)}`, utf8("rubbish"));
    const attempt = acquireLock(repo, facts(), { exclusive: false });
    attempt.catch(() => undefined);
    await clock.advance(34_999);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    await expect(attempt).rejects.toMatchObject({ code: "BAD_HASH" });
    expect(await removeLocks(repo, facts(), { all: false })).toMatchObject({
      removed: [],
      kept: [{ id: "b".repeat(64), unreadable: true }],
    });
    expect((await removeLocks(repo, facts(), { all: true })).removed).toHaveLength(2);
  });

  it("waits for another's lock as long as asked, telling once", async () => {
    const first = await acquire({ exclusive: true });
    const told: CofferError[] = [];
    const onWait = (error: CofferError): void => void told.push(error);
    const waiting = acquireLock(repo, facts(2), { exclusive: true, retryForMs: 60_000, onWait });
    await clock.advance(16_000);
    await first.release();
    await clock.advance(30_000);
    await (await waiting).release();
    expect(told).toHaveLength(1);
  });

  it("removes its file when interrupted", async () => {
    const controller = new AbortController();
    const taking = acquireLock(repo, facts(), { exclusive: false, signal: controller.signal });
    taking.catch(() => undefined);
    await clock.advance(100);
    controller.abort();
    await expect(taking).rejects.toMatchObject({ code: "ABORTED" });
    expect(lockFiles()).toEqual([]);
  });
});

describe("keeping a lock", () => {
  it("has a new file with a new time every five minutes, and never none", async () => {
    const lock = await acquire();
    const seen = new Set<string>();
    for (let minute = 0; minute < 60; minute++) {
      await clock.advance(MINUTE);
      expect(lockFiles()).toEqual([lock.id]);
      seen.add(lock.id);
    }
    expect(seen.size).toBeGreaterThanOrEqual(11);
    expect(lock.signal.aborted).toBe(false);
  });

  it("survives a suspended machine when its file is still there", async () => {
    const gate = createTrafficGate();
    const lock = await acquire({ gate });
    const before = lock.id;
    clock.jump(26 * MINUTE);
    await clock.advance(1_000);
    expect(gate.pass()).toBeInstanceOf(Promise);
    await clock.advance(200);
    expect(gate.pass()).toBeUndefined();
    expect(lock.id).not.toBe(before);
    expect(lockFiles()).toEqual([lock.id]);
  });

  it("is lost when another removed it meanwhile, and nothing passes any more", async () => {
    const gate = createTrafficGate();
    const lock = await acquire({ gate });
    backend.files.delete(`locks/${lock.id}`);
    clock.jump(26 * MINUTE);
    await clock.advance(2_000);
    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toMatchObject({ code: "LOCK_LOST" });
    await expect(gate.pass()).rejects.toMatchObject({ code: "LOCK_LOST" });
    await lock.release();
    expect(lockFiles()).toEqual([]);
  });

  it("is lost when it vanished and another took a conflicting one before the next refresh", async () => {
    const lock = await acquire();
    backend.files.delete(`locks/${lock.id}`);
    const other = await acquire({ exclusive: true }, 2);
    await clock.advance(6 * MINUTE);
    expect(lock.signal.reason).toMatchObject({ code: "LOCK_LOST" });
    expect(other.signal.aborted).toBe(false);
  });

  it("goes on without network for less than the time of doubt", async () => {
    const warnings: CofferError[] = [];
    const write = backend.write.bind(backend);
    const lock = await acquire({ onWarning: (error) => void warnings.push(error) });
    backend.write = () => Promise.reject(new CofferError("STORAGE_FAILED", "no network"));
    await clock.advance(20 * MINUTE);
    expect(warnings.length).toBeGreaterThan(0);
    expect(lock.signal.aborted).toBe(false);
    backend.write = write;
    await clock.advance(6 * MINUTE);
    expect(lock.signal.aborted).toBe(false);
    expect(lockFiles()).toEqual([lock.id]);
  });

  it("is given up when the network stays away", async () => {
    const lock = await acquire();
    backend.write = () => Promise.reject(new CofferError("STORAGE_FAILED", "no network"));
    await clock.advance(25 * MINUTE);
    expect(lock.signal.reason).toMatchObject({ code: "LOCK_LOST" });
  });
});

describe("unlock", () => {
  it("removes locks of dead processes of this host only", async () => {
    const here = await acquire({}, 1);
    const files = new Map(backend.files);
    await here.release();
    backend.files.clear();
    for (const [path, bytes] of files) backend.files.set(path, bytes);
    expect((await removeLocks(repo, facts(9), { all: false })).removed).toEqual([]);
    alive.delete(1);
    expect((await removeLocks(repo, facts(9, "two"), { all: false })).removed).toEqual([]);
    expect((await removeLocks(repo, facts(9), { all: false })).removed).toEqual([here.id]);
  });
});
