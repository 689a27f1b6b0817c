/**
 * Writes down every call to a storage. Two runs from one seed must give the same log; its hash says
 * so in one number.
 */
import type { Backend, FileType } from "#backends/backend.ts";
import { LogBackend, type BackendCall, type BackendLogEvent } from "#backends/wrappers/log.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

/** A storage that records; `calls` counts, `log` tells, `hash` compares. */
export class RecordingBackend extends LogBackend {
  readonly events: BackendLogEvent[];

  constructor(inner: Backend) {
    const events: BackendLogEvent[] = [];
    // Durations would differ between runs, so the clock stands still.
    super(inner, createFakeClock(), (event) => events.push(event));
    this.events = events;
  }

  /** How many calls of a kind ended, of one type or of all. */
  calls(call: BackendCall, type?: FileType): number {
    return this.events.filter(
      (event) => event.call === call && (type === undefined || event.type === type),
    ).length;
  }

  /** One line a call: `write pack 73d0… 1234 ok`. */
  log(): string[] {
    return this.events.map(({ call, type, name, amount, error }) =>
      [call, type ?? "-", name ?? "-", amount, error ?? "ok"].join(" "),
    );
  }

  /** 16 hex digits over the log in order. */
  hash(): string {
    return hashLines(this.log());
  }
}

/** FNV-1a, twice with different starts: not secure, the same everywhere, good enough to compare. */
export function hashLines(lines: readonly string[]): string {
  let a = 0x811c9dc5;
  let b = 0xcbf29ce4;
  for (const line of lines) {
    for (let i = 0; i <= line.length; i++) {
      const unit = i < line.length ? line.charCodeAt(i) : 10;
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x01000193) ^ (a >>> 7);
    }
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
