/** The WebDAV view, read by clients that others wrote, and compared with the source. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cofferBackup } from "../interop/both-programs.ts";
import { COFFER, Workspace } from "../programs.ts";
import { say } from "../say.ts";

const work = new Workspace();
const repo = work.path("repo");
const source = work.path("source");
let server: ChildProcess;
let url: string;

/** Large enough for several blobs; every byte differs from its neighbours. */
const large = Buffer.alloc(5_000_000, 0);

beforeAll(async () => {
  for (let i = 0; i < large.length; i += 4) large.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
  mkdirSync(join(source, "sub folder/ünï"), { recursive: true });
  writeFileSync(join(source, "large.bin"), large);
  writeFileSync(join(source, "sub folder/ünï/a&b <c>.txt"), "text");
  writeFileSync(join(source, "sub folder/100%.txt"), "percent");
  writeFileSync(join(source, "empty"), "");
  await work.coffer(["-r", repo, "init"]);
  await cofferBackup(work, repo, source, ["--host", "nas", "--tag", "t1"]);
  server = work.start(COFFER, ["-r", repo, "serve", "webdav", "--port", "0", "--json"]);
  const [line] = (await once(server.stdout!, "data")) as [Buffer];
  url = (JSON.parse(line.toString()) as { url: string }).url;
});

afterAll(async () => {
  server.kill("SIGTERM");
  await once(server, "close");
  work.remove();
});

/** Relative paths of files with the hash of their content. */
function files(root: string, folder = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, folder))) {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) Object.assign(found, files(root, path));
    else
      found[path] = createHash("sha256")
        .update(readFileSync(join(root, path)))
        .digest("hex");
  }
  return found;
}

test("rclone copies a snapshot; every file is the source's", () => {
  const target = work.path("by-rclone");
  const args = ["copy", ":webdav:hosts/nas/latest", target, "--webdav-url", url];
  const { error, status, stderr } = spawnSync("rclone", ["--config", "", ...args], {
    encoding: "utf8",
  });
  if (error) {
    say("rclone is not installed: its part is not run");
    return;
  }
  expect(stderr).not.toContain("ERROR");
  expect(status).toBe(0);
  expect(files(target)).toEqual(files(source));
});

const dav = (path: string, method: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, url), { method, headers });

test("folders, depths, and what is not there", async () => {
  const top = await (await dav("/", "PROPFIND", { depth: "1" })).text();
  for (const name of ["/ids/", "/hosts/", "/tags/"]) expect(top).toContain(`<D:href>${name}<`);
  const one = await (await dav("/tags/t1/latest/", "PROPFIND", { depth: "0" })).text();
  expect(one.match(/<D:response>/g)).toHaveLength(1);
  const inside = await (await dav("/tags/t1/latest", "PROPFIND", { depth: "1" })).text();
  expect(inside).toContain("/tags/t1/latest/sub%20folder/");
  expect((await dav("/tags/none", "PROPFIND", { depth: "0" })).status).toBe(404);
  expect((await dav("/", "PROPFIND", { depth: "infinity" })).status).toBe(403);
  expect((await dav("/tags/t1/latest/none.txt", "GET")).status).toBe(404);
  expect((await dav("/%00", "GET")).status).toBe(400);
  expect((await dav("/", "OPTIONS")).headers.get("dav")).toBe("1");
  for (const method of ["PUT", "DELETE", "MKCOL", "MOVE", "PROPPATCH", "LOCK"]) {
    expect((await dav("/new", method)).status).toBe(405);
  }
});

test("ranges", async () => {
  const path = "/hosts/nas/latest/large.bin";
  const ranges = ["bytes=0-0", "bytes=1000000-3999999", "bytes=4999990-", "bytes=-7"];
  const slices = [
    large.subarray(0, 1),
    large.subarray(1_000_000, 4_000_000),
    large.subarray(4_999_990),
    large.subarray(-7),
  ];
  for (const [i, range] of ranges.entries()) {
    const response = await dav(path, "GET", { range });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).equals(slices[i]!), range).toBe(true);
  }
  expect((await dav(path, "GET", { range: "bytes=5000000-" })).status).toBe(416);
  const whole = await dav(path, "GET");
  expect(Buffer.from(await whole.arrayBuffer()).equals(large)).toBe(true);
  const head = await dav(path, "HEAD");
  expect(head.headers.get("content-length")).toBe("5000000");
  const tag = head.headers.get("etag")!;
  expect((await dav(path, "GET", { "if-none-match": tag })).status).toBe(304);
});

test("curl reads a file; requests addressed to another host are refused", () => {
  const path = "hosts/nas/latest/sub%20folder/100%25.txt";
  const curl = (...args: string[]) => spawnSync("curl", ["-s", ...args], { encoding: "utf8" });
  expect(curl(url + path).stdout).toBe("percent");
  const status = ["-o", "/dev/null", "-w", "%{http_code}"];
  expect(curl(...status, "-H", "Host: evil.example", url + path).stdout).toBe("403");
  expect(curl(...status, "--path-as-is", `${url}hosts/../ids`).stdout).toBe("400");
});
