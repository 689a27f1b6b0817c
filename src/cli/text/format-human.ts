/** Sizes, percentages, durations, times and file modes in restic's wording. */
import type { Clock } from "#base/clock.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { GO_MODE } from "#format/node.ts";

const UNITS: readonly (readonly [number, string])[] = [
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
];

/** `943 B`, `2.863 MiB`. */
export function formatBytes(bytes: number): string {
  for (const [size, unit] of UNITS) {
    if (bytes >= size) return `${(bytes / size).toFixed(3)} ${unit}`;
  }
  return `${bytes} B`;
}

/** `37.50%`, at most `100.00%`; empty when the whole is 0. */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return "";
  return `${Math.min(100, (100 * part) / whole).toFixed(2)}%`;
}

/** `4:07`, or `1:02:03` from an hour on. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => n.toString().padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

/** `2026-11-24 04:30:18` in local time. */
export function formatLocalTime(time: Timestamp, clock: Clock): string {
  return formatWallTime(time.seconds, clock.offsetMinutesAt(time.seconds));
}

/** The wall-clock text of an instant at an offset from UTC. */
export function formatWallTime(seconds: number, offsetMinutes: number): string {
  const date = new Date((seconds + offsetMinutes * 60) * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds} s since 1970`;
  const iso = date.toISOString();
  return iso.slice(0, iso.length - 5).replace("T", " ");
}

/** `+0100` */
export function formatOffset(offsetMinutes: number): string {
  const size = Math.abs(offsetMinutes);
  const two = (n: number) => n.toString().padStart(2, "0");
  return `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** Order and letters of the bits above the permissions, as Go prints them. */
const MODE_LETTERS: readonly (readonly [number, string])[] = [
  [GO_MODE.dir, "d"],
  [2 ** 30, "a"],
  [2 ** 29, "l"],
  [2 ** 28, "T"],
  [GO_MODE.symlink, "L"],
  [GO_MODE.device, "D"],
  [GO_MODE.namedPipe, "p"],
  [GO_MODE.socket, "S"],
  [GO_MODE.setuid, "u"],
  [GO_MODE.setgid, "g"],
  [GO_MODE.charDevice, "c"],
  [GO_MODE.sticky, "t"],
  [GO_MODE.irregular, "?"],
];

/** `drwxr-xr-x`, `-rw-r--r--`, `Lrwxrwxrwx`, `dtrwxrwxrwx`: the text of a Go file mode. */
export function formatMode(mode: number): string {
  let text = "";
  for (const [bit, letter] of MODE_LETTERS) if (Math.floor(mode / bit) % 2 === 1) text += letter;
  if (text === "") text = "-";
  for (let i = 8; i >= 0; i--) text += Math.floor(mode / 2 ** i) % 2 === 1 ? "xwr"[i % 3] : "-";
  return text;
}
