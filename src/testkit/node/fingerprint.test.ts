import { chmodSync, linkSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { posixCalls } from "#platform/node/posix-calls.ts";
import { removeTree } from "#testkit/node/deep-tree.ts";
import { compareTrees, fingerprintTree } from "#testkit/node/fingerprint.ts";

const root = mkdtempSync(join(tmpdir(), "coffer-print-"));
afterAll(() => removeTree(root));
const at = (name: string): string => join(root, name);

test("each kind of difference is found and said in one line", () => {
  writeFileSync(at("content"), "aaaa");
  writeFileSync(at("mode"), "", { mode: 0o600 });
  writeFileSync(at("gone"), "");
  writeFileSync(at("attr\n=\\\u00e9"), "");
  writeFileSync(at("l1"), "");
  linkSync(at("l1"), at("l2"));
  symlinkSync("one", at("link"));
  const before = fingerprintTree(root);
  expect(compareTrees(before, fingerprintTree(root))).toEqual([]);
  expect([...before.keys()]).toHaveLength(8);

  const ns = 1_600_000_000;
  utimesSync(at("content"), ns, ns);
  const { mtimeNs } = before.get("content")!;
  writeFileSync(at("content"), "aaab");
  const time = { seconds: Number(BigInt(mtimeNs) / 1_000_000_000n), nanos: 0 };
  time.nanos = Number(BigInt(mtimeNs) % 1_000_000_000n) + (mtimeNs.endsWith("9") ? -1 : 1);
  posixCalls()!.utimensat(posixCalls()!.constants.AT_FDCWD, utf8(at("content")), time, time, 0);
  chmodSync(at("mode"), 0o604);
  unlinkSync(at("gone"));
  writeFileSync(at("new"), "");
  posixCalls()!.lsetxattr(utf8(at("attr\n=\\\u00e9")), utf8("user.n"), utf8("v"));
  unlinkSync(at("l2"));
  writeFileSync(at("l2"), "");
  rmSync(at("link"));
  symlinkSync("two", at("link"));

  const after = fingerprintTree(root);
  const differences = compareTrees(before, after, { ignorePaths: ["", "l2"] });
  const said = differences.filter((line) => !/^"(link|l1)": mtimeNs/.test(line));
  expect(said).toEqual([
    expect.stringMatching(/^"attr\\n=\\\\é": xattrs is "user.n=0x76", expected none$/),
    expect.stringMatching(/^"content": mtimeNs is "\d+", expected "\d+"$/),
    expect.stringMatching(/^"content": sha256 is /),
    '"gone": missing (file)',
    '"l1": linkedWith is none, expected "l1"',
    '"link": target is "two", expected "one"',
    '"mode": mode is "604", expected "600"',
    '"new": not expected (file)',
  ]);
  expect(compareTrees(before, after, { ignore: ["mode"] }).join()).not.toContain("604");
});
