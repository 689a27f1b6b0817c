/** Runs Coffer on hostile repositories, with little memory, and looks at what it did. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { openLocal } from "#backends/node/local.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { HostileRepository } from "#testkit/hostile-repository.ts";
import { COFFER, collect, Workspace, type ProgramResult } from "../programs.ts";

/** No command may take more, whatever a repository claims. */
const CAP_MB = 300;
/** A command that runs longer hangs. */
const DEADLINE_MS = 120_000;

/** Writes the peak of the process's memory to the file named by PEAK_FILE. */
const MEASURE =
  "import{writeFileSync}from'node:fs';process.on('exit',()=>" +
  "writeFileSync(process.env.PEAK_FILE,String(process.resourceUsage().maxRSS)))";

export interface HostileResult extends ProgramResult {
  readonly peakMb: number;
  readonly output: string;
}

/**
 * A workspace with a hostile repository in `repo`, and a folder beside the target to be left alone.
 */
export class HostileWorkspace extends Workspace {
  readonly repo = this.path("repo");
  readonly target = this.path("target");
  /** Highest peak of all commands so far, MB. */
  static highestMb = 0;

  constructor() {
    super();
    mkdirSync(this.path("outside"));
    writeFileSync(this.path("outside/secret"), "untouched");
  }

  async create(version: 1 | 2 = 2): Promise<HostileRepository> {
    const primitives = createNodePrimitives();
    const { clock, random } = primitives;
    const backend = await openLocal({ root: this.repo, clock, random });
    return HostileRepository.create(backend, primitives, version);
  }

  /** Any exit code is an answer, but neither a defect, nor a hang, nor more memory than the cap. */
  async command(args: readonly string[]): Promise<HostileResult> {
    const peakFile = this.path("peak");
    writeFileSync(peakFile, "");
    const child = this.start(COFFER, ["-r", this.repo, ...args], {
      env: {
        COFFER_PASSWORD: "hostile",
        PEAK_FILE: peakFile,
        NODE_OPTIONS: `--max-old-space-size=128 --import=data:text/javascript,${encodeURIComponent(MEASURE)}`,
      },
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
    const result = await collect(child);
    clearTimeout(timer);
    const output = `${result.stdout}\n${result.stderr}`;
    const where = `${args.join(" ")}: ${output.slice(-1500)}`;
    const peakMb = Number(readFileSync(peakFile, "utf8")) / 1024;
    expect([0, 1, 3], where).toContain(result.status);
    expect(output, where).not.toContain("defect in Coffer");
    // oxlint-disable-next-line no-control-regex
    expect(output, where).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u009b]/);
    expect(peakMb, where).toBeGreaterThan(0);
    expect(peakMb, where).toBeLessThan(CAP_MB);
    HostileWorkspace.highestMb = Math.max(HostileWorkspace.highestMb, peakMb);
    this.expectUntouched();
    return { ...result, peakMb, output };
  }

  restore(...more: string[]): Promise<HostileResult> {
    return this.command(["restore", "latest", "--target", this.target, ...more]);
  }

  check(...more: string[]): Promise<HostileResult> {
    return this.command(["check", ...more]);
  }

  /** Nothing was written beside the target, and no lock was left behind. */
  expectUntouched(): void {
    const expected = ["cache-coffer", "outside", "peak", "repo", "target"];
    expect(expected).toEqual(expect.arrayContaining(readdirSync(this.root)));
    expect(readdirSync(this.path("outside"))).toEqual(["secret"]);
    expect(readFileSync(this.path("outside/secret"), "utf8")).toBe("untouched");
    expect(readdirSync(this.path("repo/locks"))).toEqual([]);
  }
}
