/** Checks that imports point down. The table below is the architecture; see ARCHITECTURE.md. */
import { readFileSync, globSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseAst } from "rolldown/parseAst";

/** folder under src → what it may import besides itself: a folder, or one file of it. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  base: [],
  format: ["base"],
  crypto: ["base"],
  codec: ["base"],
  chunker: ["base"],
  filter: ["base"],
  backends: ["base"],
  platform: ["base", "format"],
  repository: [
    "base",
    "format",
    "crypto",
    "codec",
    "chunker",
    "backends/backend.ts",
    "platform/source-tree.ts",
    "platform/restore-target.ts",
  ],
  kernels: ["base", "crypto", "codec", "chunker", "repository/blob-index.ts"],
  operations: [
    "base",
    "format",
    "codec/zstd.ts",
    "chunker/chunker.ts",
    "crypto/crypto.ts",
    "filter",
    "repository",
    "backends/backend.ts",
    "platform/source-tree.ts",
    "platform/restore-target.ts",
  ],
  engine: [
    "base",
    "format",
    "crypto",
    "codec",
    "chunker",
    "filter",
    "kernels",
    "backends",
    "platform",
    "repository",
    "operations",
  ],
  cli: [
    "base",
    "format",
    "crypto",
    "codec",
    "filter",
    "backends",
    "platform",
    "repository",
    "operations",
    "engine",
  ],
  testkit: [
    "base",
    "format",
    "crypto",
    "codec",
    "chunker",
    "filter",
    "kernels",
    "backends",
    "platform",
    "repository",
    "operations",
    "engine",
  ],
  "index.ts": [
    "base",
    "format",
    "codec",
    "backends",
    "platform",
    "repository",
    "operations",
    "engine",
  ],
};

/** Runtime code lives under these path segments only. */
const RUNTIME = /\/(node|browser)\//;

interface AstNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

function importsOf(code: string, file: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const node = value as AstNode;
    const source = node["source"] as { value?: unknown } | null | undefined;
    if (/^(Import|Export)/.test(node.type ?? "") && typeof source?.value === "string") {
      found.push(source.value);
    }
    for (const key of Object.keys(node)) visit(node[key]);
  };
  visit(parseAst(code, { lang: "ts" }, file));
  return found;
}

const root = join(import.meta.dirname, "..");
const problems: string[] = [];
let files = 0;
let imports = 0;
for (const file of globSync("src/**/*.ts", { cwd: root }).toSorted()) {
  files++;
  const inside = relative("src", file);
  const layer = inside.split("/")[0]!;
  const isTest = file.endsWith(".test.ts");
  const allowed = TABLE[layer];
  if (!allowed) {
    problems.push(`${file}: folder "${layer}" is not in the layer table`);
    continue;
  }
  for (const specifier of importsOf(readFileSync(join(root, file), "utf8"), file)) {
    imports++;
    let target: string;
    if (specifier.startsWith("#")) target = specifier.slice(1);
    else if (specifier.startsWith(".")) target = join(dirname(inside), specifier);
    else {
      const builtin = specifier.startsWith("node:");
      if (builtin && !isTest && !RUNTIME.test(`/${inside}`) && layer !== "cli") {
        problems.push(`${file}: ${specifier} outside a node/ folder`);
      }
      continue;
    }
    const to = target.split("/")[0]!;
    if (isTest) continue;
    if (to === "testkit" && layer !== "testkit") problems.push(`${file}: imports testkit`);
    if (
      RUNTIME.test(`/${target}`) &&
      !RUNTIME.test(`/${inside}`) &&
      !["cli", "index.ts", "testkit"].includes(layer)
    ) {
      problems.push(`${file}: isomorphic code imports runtime code ${target}`);
    }
    if (to === layer) continue;
    if (!allowed.some((entry) => entry === to || entry === target)) {
      problems.push(`${file}: ${layer} may not import ${target}`);
    }
  }
}
if (files < 10 || imports < 10) problems.push(`saw only ${files} files and ${imports} imports`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`layers: ${files} files, ${imports} imports, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
