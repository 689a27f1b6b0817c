/**
 * Style as a test: rules of CONTRIBUTING.md that neither the formatter, the linter nor the type
 * checker knows. A rule that cannot be kept is changed here, not ignored. See also layers.ts.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseAst } from "rolldown/parseAst";

const MAX_FILE_LINES = 500;
const MAX_FUNCTION_LINES = 70;
const MAX_COLUMNS = 100;
const MAX_ARCHITECTURE_LINES = 300;

/** Modules that a program starts with; what these do not reach is dead. */
const ENTRY_POINTS = ["src/index.ts", "src/cli/main.ts", "src/engine/node/worker.ts"];

/** What only tests reach today, and why it stays all the same. Something must use it even so. */
const ALIVE_BY_TESTS: readonly (readonly [files: RegExp, why: string])[] = [
  [/^src\/testkit\/|\/testing\//, "for tests, here and of library users"],
  [
    /\/reference-|\/poly1305\.ts$|\/map-blob-index\.ts$|\/memory\.ts$/,
    "the reference that decides",
  ],
  [/\/browser\/|\/fzstd\.ts$|\/portable-|\/(?:wasm-)?(?:crypto|sha256|aes-ctr)\b/, "for browsers"],
  // To be removed with the commands that use them.
  [/^src\/operations\/(?:heal|replicate)\//, "for commands that are being built"],
  [/^src\/backends\/wrappers\/|^src\/base\/limiter\.ts$/, "for storages that can be slow or fail"],
];

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  /** Files where it is at home. */
  readonly homes: RegExp;
}

/** In code of the product, comments removed. Tests and the testkit own their worlds. */
const BANS: readonly Ban[] = [
  { what: "console", pattern: /\bconsole\./, homes: /^$/ },
  { what: "the system's time", pattern: /\bDate\.now\b|\bnew Date\(\)/, homes: /-clock\.ts$/ },
  // The second Ctrl-C is told from the first by its time, outside any operation.
  {
    what: "the system's timer",
    pattern: /\bperformance\.now\b/,
    homes: /-clock\.ts$|^src\/cli\/node-io\.ts$/,
  },
  { what: "Math.random", pattern: /\bMath\.random\b/, homes: /^$/ },
];

const UNFINISHED = new RegExp(`\\b(?:${["TO", "FIX", "HA"].join("|")})(?:DO|ME|CK)\\b`);
/** `/tmp/restored` and the like are examples of help texts. */
const MACHINE_PATH = /(?<![\w.])\/(?:(?:work|root)\/\w|tmp\/(?!r\b|x\b|restored\b))/;

const root = join(import.meta.dirname, "..");
const problems: string[] = [];
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

function filesOf(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root }).toSorted();
}

/** Comments become blanks, so that offsets stay. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, (part) => part.replace(/[^\n]/g, " "));
}

interface AstNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && "type" in value;
}

function visit(value: unknown, each: (node: AstNode) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, each);
  } else if (isNode(value)) {
    each(value);
    for (const key of Object.keys(value)) visit(value[key], each);
  }
}

function checkSizes(file: string, text: string): void {
  const lines = text.split("\n");
  if (file.endsWith(".wasm.ts")) return;
  if (lines.length - 1 > MAX_FILE_LINES) problems.push(`${file}: ${lines.length - 1} lines`);
  lines.forEach((line, i) => {
    // The formatter breaks all else that can be broken; it leaves texts and comments alone.
    const isText = /["'`/]/.test(line) && !/^\s*(?:\*|\/\*|\/\/)/.test(line);
    if (line.length > MAX_COLUMNS && !isText && !/https?:\/\//.test(line)) {
      problems.push(`${file}:${i + 1}: ${line.length} columns`);
    }
  });
}

function checkWords(file: string, text: string): void {
  const isTest = /\.test\.ts$|^src\/testkit\/|^test\//.test(file);
  const unfinished = UNFINISHED.exec(text);
  if (unfinished) problems.push(`${file}:${lineOf(text, unfinished.index)}: ${unfinished[0]}`);
  if (isTest || !file.startsWith("src/")) return;
  const path = MACHINE_PATH.exec(text);
  if (path) problems.push(`${file}:${lineOf(text, path.index)}: a path of some machine`);
  const code = withoutComments(text);
  for (const { what, pattern, homes } of BANS) {
    const found = pattern.exec(code);
    if (found && !homes.test(file)) {
      problems.push(`${file}:${lineOf(code, found.index)}: ${what} outside its home`);
    }
  }
}

/** The comment that ends right before an offset; undefined when there is none. */
function commentBefore(text: string, at: number): string | undefined {
  return /\/\*\*[^]*?\*\/\s*$/.exec(text.slice(Math.max(0, at - 4000), at))?.[0];
}

function needsDocstring(declaration: unknown): boolean {
  return isNode(declaration) && /^(?:FunctionDeclaration|ClassDeclaration)$/.test(declaration.type);
}

function isFunction(node: AstNode): boolean {
  return /Function(?:Declaration|Expression)$|^Arrow/.test(node.type);
}

/** Lines without those of functions inside: a factory of small methods is no long function. */
function ownLines(node: AstNode, text: string): number {
  let lines = text.slice(node.start, node.end).split("\n").length;
  const subtract = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) subtract(item);
    else if (isNode(value) && isFunction(value)) {
      lines -= text.slice(value.start, value.end).split("\n").length - 1;
    } else if (isNode(value)) for (const key of Object.keys(value)) subtract(value[key]);
  };
  for (const key of Object.keys(node)) subtract(node[key]);
  return lines;
}

function checkSyntax(file: string, text: string): void {
  if (file.endsWith(".wasm.ts")) return;
  const isTest = /\.test\.ts$|^test\/|^bench\//.test(file);
  if (!isTest && !/^(?:#!.*\n)?\/\*\*/.test(text)) problems.push(`${file}: no header comment`);
  const program = parseAst(text, { lang: "ts" }, file);
  visit(program, (node) => {
    if (node.type === "ExportDefaultDeclaration" && !file.endsWith(".config.ts")) {
      problems.push(`${file}:${lineOf(text, node.start)}: a default export`);
    }
    const lines = isFunction(node) && !isTest ? ownLines(node, text) : 0;
    if (lines > MAX_FUNCTION_LINES) {
      problems.push(`${file}:${lineOf(text, node.start)}: a function of ${lines} lines`);
    }
  });
  // The text of a command is its own description.
  if (isTest || !file.startsWith("src/") || /^src\/cli\/(?:tree|commands)\//.test(file)) return;
  const exported = (program.body as unknown as AstNode[]).filter(
    (node) => node.type === "ExportNamedDeclaration" && needsDocstring(node["declaration"]),
  );
  // The header of a file with one main export is its docstring.
  if (exported.length < 2) return;
  for (const node of exported) {
    if (commentBefore(text, node.start) === undefined) {
      problems.push(`${file}:${lineOf(text, node.start)}: an export without a docstring`);
    }
  }
}

/** Files of src that a file names in imports, dynamic ones and worker addresses included. */
function importsOf(file: string, text: string): string[] {
  const found: string[] = [];
  for (const [, specifier] of text.matchAll(/["'](#[^"']+|\.\.?\/[^"']+)["']/g)) {
    if (specifier!.startsWith("#")) found.push(`src/${specifier!.slice(1)}`);
    else found.push(join(dirname(file), specifier!));
  }
  return found;
}

/** A test alone keeps nothing alive, but for the kinds of {@link ALIVE_BY_TESTS}. */
function checkDead(files: readonly string[]): void {
  const reached = new Set<string>();
  const isTest = (file: string): boolean => file.endsWith(".test.ts");
  const follow = (start: readonly string[]): void => {
    const pending = [...start];
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      if (reached.has(file) || !existsSync(join(root, file))) continue;
      reached.add(file);
      if (file.endsWith(".ts")) pending.push(...importsOf(file, read(file)));
    }
  };
  const dead = (): string[] =>
    files.filter((file) => file.startsWith("src/") && !isTest(file) && !reached.has(file));
  follow(ENTRY_POINTS);
  for (const file of dead()) {
    if (ALIVE_BY_TESTS.some(([kind]) => kind.test(file))) continue;
    problems.push(`${file}: no program uses it`);
  }
  follow(files.filter((file) => isTest(file) || !file.startsWith("src/")));
  for (const file of dead()) {
    if (ALIVE_BY_TESTS.some(([kind]) => kind.test(file))) problems.push(`${file}: no test uses it`);
  }
}

function checkDocuments(): void {
  const documents = filesOf("*.md", "docs/**/*.md", "docs/**/*.ts", "changelog/**/*.md");
  for (const file of documents) {
    const text = read(file);
    const path = MACHINE_PATH.exec(text);
    if (path) problems.push(`${file}:${lineOf(text, path.index)}: a path of some machine`);
    for (const [, target] of text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
      if (!existsSync(join(root, dirname(file), target!))) {
        problems.push(`${file}: links to ${target!}, which is not there`);
      }
    }
  }
  const lines = read("ARCHITECTURE.md").split("\n").length - 1;
  if (lines > MAX_ARCHITECTURE_LINES) problems.push(`ARCHITECTURE.md: ${lines} lines`);
}

const files = filesOf("src/**/*.ts", "test/**/*.ts", "tools/**/*.ts", "bench/**/*.ts");
for (const file of files) {
  const text = read(file);
  if (basename(file) === "index.ts" && file !== "src/index.ts") {
    problems.push(`${file}: index.ts is the name of a published export list`);
  }
  if (/(?:utils?|helpers?|manager)\.ts$/i.test(file)) problems.push(`${file}: says nothing`);
  checkSizes(file, text);
  checkWords(file, text);
  checkSyntax(file, text);
}
checkDead(files);
checkDocuments();
if (files.length < 100) problems.push(`saw only ${files.length} files`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`tidy: ${files.length} files, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
