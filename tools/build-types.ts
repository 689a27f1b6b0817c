/**
 * Writes the declarations of the library to types/, for the published package: it holds no sources,
 * since Node strips no types below node_modules. Run by `npm pack` and `npm publish`.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const out = join(root, "types");

/** `#layer/file.ts` and `./file.ts` as a declaration of a package names them. */
function rewrite(file: string, text: string): string {
  const inside = dirname(relative(out, file));
  return text.replace(/(["'])(#|\.{1,2}\/)([^"']+)\.ts\1/g, (_, quote, start, path) => {
    const target = start === "#" ? relative(inside, path) : `${start}${path}`;
    return `${quote}${target.startsWith(".") ? target : `./${target}`}.js${quote}`;
  });
}

rmSync(out, { recursive: true, force: true });
const OPTIONS = `
  --ignoreConfig --skipLibCheck --strict --exactOptionalPropertyTypes --allowImportingTsExtensions
  --target ES2024 --lib ES2024,ESNext.Disposable --module nodenext --types node
  --declaration --emitDeclarationOnly --rootDir src --outDir types src/index.ts`;
const compiler = join(root, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [compiler, ...OPTIONS.trim().split(/\s+/)], {
  cwd: root,
  stdio: "inherit",
});
for (const file of globSync("**/*.d.ts", { cwd: out })) {
  const path = join(out, file);
  writeFileSync(path, rewrite(path, readFileSync(path, "utf8")));
}
process.stdout.write("built types/index.d.ts\n");
