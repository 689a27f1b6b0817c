import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { CofferError } from "#base/errors.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { decodeConfig } from "#format/config.ts";
import { availableMigrations, upgradeToVersion2 } from "#operations/migrate.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import { HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

async function make(): Promise<{ backend: MemoryBackend; repo: OpenedRepository }> {
  const backend = new MemoryBackend();
  const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
  const { repo } = await HostileRepository.create(backend, primitives, 1);
  return { backend, repo };
}

function configOf(backend: MemoryBackend, repo: OpenedRepository) {
  return decodeConfig(repo.aead.open(backend.files.get("config")!));
}

test("only the version changes, and a copy is kept first", async () => {
  const { backend, repo } = await make();
  const before = backend.files.get("config");
  let copy: Uint8Array | undefined;
  const saveCopy = async (bytes: Uint8Array): Promise<void> => {
    expect(backend.files.get("config")).toBe(before);
    copy = bytes;
  };
  expect(availableMigrations(repo)).toEqual(["upgrade_repo_v2"]);
  await upgradeToVersion2(repo, { saveCopy });
  expect(copy).toEqual(before);
  expect(configOf(backend, repo)).toEqual({ ...repo.config, version: 2 });
});

test("a failed upload puts the old config back", async () => {
  const { backend, repo } = await make();
  const write = backend.write.bind(backend);
  let failures = 1;
  backend.write = async (file, parts, options) => {
    if (failures-- > 0) throw new CofferError("STORAGE_FULL", "no space");
    await write(file, parts, options);
  };
  const saveCopy = (): Promise<void> => Promise.resolve();
  await expect(upgradeToVersion2(repo, { saveCopy })).rejects.toThrow(/was undone: no space/);
  expect(configOf(backend, repo)).toEqual(repo.config);
  failures = 2;
  await expect(upgradeToVersion2(repo, { saveCopy })).rejects.toThrow(/store the copy/);
});

test("version 2 stays", async () => {
  const backend = new MemoryBackend();
  const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
  const { repo } = await HostileRepository.create(backend, primitives, 2);
  const saveCopy = (): Promise<void> => Promise.resolve();
  await expect(upgradeToVersion2(repo, { saveCopy })).rejects.toThrow(/already has version 2/);
});
