/** `replicate`: mirrors the repository's raw files to other places, without its password. */
import { describeFile } from "#backends/backend.ts";
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { resolveLocation } from "#cli/location-setting.ts";
import { openRawStorages } from "#cli/replicas/raw-storage.ts";
import { formatBytes, formatPercent } from "#cli/text/format-human.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import {
  replicate,
  type ReplicateEvent,
  type ReplicateResult,
} from "#operations/replicate/replicate.ts";

export interface ReplicateCliOptions {
  readonly targets: readonly string[];
  readonly delete?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly unsafeAllowRemoveAll?: true | undefined;
}

export async function run(options: ReplicateCliOptions, context: CliContext): Promise<number> {
  const { io, printer, settings } = context;
  if (options.targets.length === 0) throw badOption("no target given: where to mirror to?");
  const source = await resolveLocation(settings, io);
  await using storages = await openRawStorages([source, ...options.targets], context);
  const [from, ...targets] = storages.backends;
  let failed = 0;
  for (const target of targets) {
    const place = terminalText(target.location);
    const report = new ReplicateReport(context, place);
    const result = await replicate(
      from!,
      target,
      (bytes) => storages.sha256(bytes),
      {
        delete: options.delete === true,
        dryRun: options.dryRun === true,
        allowRemoveAll: options.unsafeAllowRemoveAll === true,
      },
      { signal: io.signal, progress: (event) => report.event(event) },
    );
    printer.status([]);
    report.finish(result, options.dryRun === true);
    failed += result.failed;
  }
  if (failed === 0) return 0;
  throw new CofferError("INCOMPLETE", `${failed} files could not be mirrored`);
}

class ReplicateReport {
  #done = 0;
  #total = 0;
  readonly #context: CliContext;
  readonly #place: string;

  constructor(context: CliContext, place: string) {
    this.#context = context;
    this.#place = place;
  }

  event(event: ReplicateEvent): void {
    const { printer } = this.#context;
    if (event.kind === "plan") {
      this.#total = event.plan.bytes;
      return;
    }
    if (event.kind === "failed") {
      const { file, error } = event;
      printer.error(`${describeFile(file)}: ${terminalText(error.message)}`);
      return;
    }
    printer.trace(`${event.kind} ${describeFile(event.file)}`);
    if (event.kind !== "copied") return;
    this.#done += event.bytes;
    const percent = formatPercent(this.#done, this.#total);
    printer.status([`${percent}  ${formatBytes(this.#done)} / ${formatBytes(this.#total)}`]);
  }

  finish(result: ReplicateResult, dryRun: boolean): void {
    const { printer } = this.#context;
    const { plan } = result;
    if (printer.json) {
      printer.jsonLine({
        message_type: "summary",
        target: this.#place,
        dry_run: dryRun,
        missing_files: plan.files,
        missing_bytes: plan.bytes,
        surplus_files: plan.surplusFiles,
        surplus_bytes: plan.surplusBytes,
        files_copied: result.copied,
        bytes_copied: result.bytes,
        files_removed: result.removed,
        files_failed: result.failed,
      });
      return;
    }
    const surplus = `${plan.surplusFiles} files, ${formatBytes(plan.surplusBytes)}`;
    if (dryRun) {
      printer.message(`${this.#place}: would copy ${plan.files} files, ${formatBytes(plan.bytes)}`);
      if (plan.surplusFiles > 0) printer.message(`not in the source: ${surplus}`);
      return;
    }
    printer.message(
      `${this.#place}: copied ${result.copied} files, ${formatBytes(result.bytes)}` +
        (result.removed > 0 ? `, removed ${result.removed}` : ""),
    );
    if (plan.surplusFiles > result.removed) {
      printer.message(`not in the source: ${surplus}; --delete removes them`);
    }
  }
}
