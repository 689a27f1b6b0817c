import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes, fromUtf8, utf8 } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import type { Node, NodeType } from "#format/node.ts";
import { createTimeFormatter } from "#format/time-formatter.ts";
import { checkTreeOrder, readTree, TreeCursor } from "#format/tree-decode.ts";
import { completeFolder, encodeFolderHead, encodeNode, encodeTree } from "#format/tree-encode.ts";

const formatTime = createTimeFormatter((seconds) => (seconds % 2 === 0 ? 0 : 120));
const encode = (node: Node): Uint8Array =>
  encodeNode(node, node.name, node.content, node.subtree, formatTime, node.size, node.error);

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const time = fc.record({
  seconds: fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
});
const text = fc.string({ unit: "grapheme", maxLength: 8 });
const name = fc.oneof(text.map(utf8), bytes(12)).filter((raw) => raw.length > 0);

const nodeOf = (type: NodeType): fc.Arbitrary<Node> =>
  fc.record({
    type: fc.constant(type),
    name,
    mode: uint32,
    mtime: time,
    atime: time,
    ctime: time,
    uid: uint32,
    gid: uint32,
    user: text,
    group: text,
    inode: uint64,
    deviceId: uint64,
    size: type === "file" ? fc.maxSafeNat() : fc.constant(0),
    links: ["file", "symlink", "dev", "chardev"].includes(type) ? uint64 : fc.constant(0n),
    linkTarget: type === "symlink" ? name : fc.constant(undefined),
    xattrs: fc.array(fc.record({ name: text.map(utf8), value: bytes(8) }), { maxLength: 2 }),
    genericAttributes: fc.constantFrom(undefined, '{"windows.file_attributes":32}'),
    device: type === "dev" || type === "chardev" ? uint64 : fc.constant(0n),
    content:
      type === "file"
        ? fc.array(id, { maxLength: 3 }).map((ids) => Uint8Array.from(ids.flatMap((i) => [...i])))
        : fc.constant(null),
    subtree: type === "dir" ? id : fc.constant(undefined),
    error: fc.constantFrom(undefined, "read failed: <ä>"),
  });
const node = fc.oneof(
  ...(["file", "dir", "symlink", "dev", "chardev", "fifo", "socket", "irregular"] as const).map(
    nodeOf,
  ),
);
const sortedNodes = fc
  .uniqueArray(node, { maxLength: 6, selector: ({ name: raw }) => raw.join() })
  .map((nodes) => nodes.toSorted((a, b) => compareBytes(a.name, b.name)));

describe("round trips", () => {
  test("nodes come back as they were, and encode to the same bytes", () => {
    fc.assert(
      fc.property(sortedNodes, (nodes) => {
        const raw = nodes.map(encode);
        const tree = encodeTree(raw);
        expect(() => JSON.parse(fromUtf8(tree)) as unknown).not.toThrow();
        const read = [...readTree(tree, { strict: true })];
        expect(read.map((entry) => entry.node)).toEqual(nodes);
        expect(read.map((entry) => Uint8Array.from(entry.raw))).toEqual(raw);
        expect(read.map((entry) => encode(entry.node))).toEqual(raw);
        expect(checkTreeOrder(tree)).toEqual([]);
      }),
    );
  });

  test("a folder may be encoded in two steps", () => {
    fc.assert(
      fc.property(nodeOf("dir"), (folder) => {
        const whole = encodeNode(folder, folder.name, null, folder.subtree, formatTime);
        const head = encodeFolderHead(folder, folder.name, formatTime);
        expect(completeFolder(head, folder.subtree!)).toEqual(whole);
      }),
    );
  });

  test("a cursor finds each name, and only those", () => {
    fc.assert(
      fc.property(sortedNodes, fc.array(name), (nodes, others) => {
        const tree = encodeTree(nodes.map(encode));
        const wanted = [...nodes.map((entry) => entry.name), ...others].toSorted(compareBytes);
        const cursor = new TreeCursor(tree);
        for (const raw of wanted) {
          const there = nodes.find((entry) => compareBytes(entry.name, raw) === 0);
          expect(cursor.seek(raw)).toBe(there !== undefined);
          if (there === undefined) continue;
          expect(cursor.nameEquals(raw)).toBe(true);
          expect(cursor.rawEquals(encode(there))).toBe(true);
          expect(cursor.decode()).toEqual(there);
        }
      }),
    );
  });
});

const TIMES = ["mtime", "atime", "ctime"].map((key) => `"${key}":"2024-01-01T00:00:00Z"`).join();
const nodeText = (members: string): string => `{"nodes":[{"name":"a","type":"file",${members}}]}`;
const readAll = (json: string): Node[] => [...readTree(utf8(json))].map((entry) => entry.node);

describe("what is accepted", () => {
  test("any order, white space, escapes and unknown keys", () => {
    const [only] = readAll(
      ` { "x":[{"nodes":1}] , "nodes" : [ { "typ\\u0065":"file", "future":{"a":[1e5]}, ` +
        `"n\\u0061me" : "\\u0061\\\\u00e4" , "size" : 5 ,\n "content" : [ ] , ` +
        `${TIMES} } ] , "y":null } \n`,
    );
    expect(only).toMatchObject({ type: "file", name: utf8("aä"), size: 5 });
    expect(only!.content).toEqual(new Uint8Array(0));
  });

  test("exact 64-bit inodes; absent fields are zero; the raw link target wins", () => {
    const [exact] = readAll(nodeText(`"inode":18446744073709551615,"links":1`));
    expect(exact).toMatchObject({ inode: 18_446_744_073_709_551_615n, links: 1n, content: null });
    for (const members of [
      `"linktarget":"x","linktarget_raw":"/w=="`,
      `"linktarget_raw":"/w==","linktarget":"x"`,
    ]) {
      expect(readAll(nodeText(members))[0]!.linkTarget).toEqual(Uint8Array.of(0xff));
    }
  });

  test("unsorted and repeated names, unless told to be strict", () => {
    const tree = utf8(`{"nodes":[{"name":"b"},{"name":"a"},{"name":"a"}]}`);
    expect([...readTree(tree)].length).toBe(3);
    expect(checkTreeOrder(tree)).toEqual([
      { kind: "unsorted", name: utf8("a") },
      { kind: "repeated", name: utf8("a") },
    ]);
    expect(() => [...readTree(tree, { strict: true })]).toThrow(/out of order/);
  });
});

describe("what is refused", () => {
  const digits = "0".repeat(63);
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /expected an object/],
    ["[]", /expected an object/],
    ["{}", /no list of nodes/],
    ['{"nodes":null}', /expected a list/],
    ['{"nodes":{}}', /expected a list/],
    ['{"nodes":[null]}', /not an object/],
    ['{"nodes":[{}]}', /without name/],
    ['{"nodes":[{"type":"file"}]}', /without name/],
    ['{"nodes":[{"name":5}]}', /not a text/],
    ['{"nodes":[{"name":"\\\\q"}]}', /not quoted/],
    ['{"nodes":[],"nodes":[]}', /two lists/],
    ['{"nodes":[]', /damaged/],
    ['{"nodes":[]} x', /more data/],
    [nodeText('"type":"door"'), /unknown type/],
    [nodeText('"mode":4294967296'), /above/],
    [nodeText('"mode":"x"'), /whole number/],
    [nodeText('"size":-1'), /whole number/],
    [nodeText('"size":1.5'), /whole number/],
    [nodeText('"size":9007199254740993'), /too large/],
    [nodeText('"inode":18446744073709551616'), /64 bits/],
    [nodeText('"mtime":"yesterday"'), /malformed time/],
    [nodeText('"content":[null]'), /hex digits/],
    [nodeText('"content":"x"'), /expected a list/],
    [nodeText(`"content":["${digits}"]`), /hex digits/],
    [nodeText(`"content":["${digits}g"]`), /hex digits/],
    [nodeText(`"content":[${'"",'.repeat(90)}""]`), /hex digits/],
    [nodeText('"subtree":"ab"'), /hex digits/],
    [nodeText('"linktarget_raw":"*"'), /base64/],
    [nodeText('"extended_attributes":[{"value":""}]'), /without name/],
    [nodeText('"generic_attributes":[]'), /an object/],
    [nodeText(`"x":${"[".repeat(100_000)}`), /not valid JSON/],
  ];
  test.each(cases)("%s", (json, reason) => {
    try {
      readAll(json);
      expect.unreachable();
    } catch (error) {
      if (!isCofferError(error, "BAD_TREE", "TOO_LARGE")) throw error;
      expect(error.message).toMatch(reason);
    }
  });

  test("any change of bytes gives nodes or a clear error", () => {
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom("set", "cut", "add"));
    fc.assert(
      fc.property(
        sortedNodes,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (nodes, changes) => {
          const tree = [...encodeTree(nodes.map(encode))];
          for (const [at, byte, kind] of changes) {
            const i = at % tree.length;
            if (kind === "set") tree[i] = byte;
            else tree.splice(i, kind === "cut" ? byte : 0, ...(kind === "add" ? [byte] : []));
            if (tree.length === 0) tree.push(byte);
          }
          try {
            for (const entry of readTree(Uint8Array.from(tree))) encode(entry.node);
          } catch (error) {
            if (!isCofferError(error, "BAD_TREE", "TOO_LARGE")) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("decoding in one pass gives what two passes give, damaged entries included", () => {
  const node = (more: string): string => `{"name":"a","type":"file","size":1${more}}`;
  const cases = [
    node(""),
    node(',"mtime":"x"'),
    node(',"name":"b\\\\q"'),
    node(',"content":["zz"]'),
    node(',"unknown":{"a":[1,2]}'),
    node(',"size":99999999999999999'),
    '{"name":7}',
    '{"type":"file"}',
    node(',"mode":tru'),
    node(',"mode":1'.repeat(2)),
  ];
  const outcome = (step: (cursor: TreeCursor) => unknown, one: string): unknown[] => {
    const cursor = new TreeCursor(utf8(`{"nodes":[${node("")}, ${one} ,${node("")}]}`));
    const seen: unknown[] = [];
    try {
      for (;;) {
        const entry = step(cursor);
        if (entry === undefined) return seen;
        seen.push(entry, cursor.nodeStart, cursor.nodeEnd);
      }
    } catch (error) {
      return [...seen, (error as Error).name];
    }
  };
  const described = (entry: unknown): unknown => (isCofferError(entry) ? entry.code : entry);
  for (const one of cases) {
    const twice = outcome((cursor) => {
      if (!cursor.next()) return undefined;
      try {
        return cursor.decode();
      } catch (error) {
        return described(error);
      }
    }, one);
    const once = outcome((cursor) => {
      return cursor.nextDecoded() ? described(cursor.decoded) : undefined;
    }, one);
    expect(once).toEqual(twice);
  }
});
