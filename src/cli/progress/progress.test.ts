import { describe, expect, test } from "vitest";
import { createPrinter } from "#cli/printer.ts";
import { reportInterval, startProgress } from "#cli/progress/progress-display.ts";
import { progressLines } from "#cli/progress/progress-line.ts";
import { RateEstimator, secondsLeft } from "#cli/progress/progress-state.ts";
import { createFakeIo } from "#cli/testing/fake-io.ts";
import { cellWidth } from "#cli/text/cell-width.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

const STATE = {
  filesDone: 1200,
  bytesDone: 3 * 2 ** 30,
  filesTotal: 4000,
  bytesTotal: 8 * 2 ** 30,
  errors: 2,
  current: ["/home/anna/a very long path to some file or other/name.odt"],
};
const CONTEXT = { elapsedSeconds: 12, bytesPerSecond: 250 * 2 ** 20, noun: "files" };

describe("the progress line", () => {
  test("says everything where there is room", () => {
    expect(progressLines(STATE, CONTEXT, 200)).toEqual([
      "[0:12] 37.50%  1200 files 3.000 GiB, total 4000 files 8.000 GiB, 250.000 MiB/s, 2 errors " +
        "ETA 0:21",
      "  /home/anna/a very long path to some file or other/name.odt",
    ]);
  });

  test("fits any width", () => {
    for (let columns = 1; columns < 130; columns++) {
      for (const line of progressLines(STATE, CONTEXT, columns)) {
        expect(cellWidth(line)).toBeLessThanOrEqual(Math.max(3, columns - 1));
      }
    }
  });

  test("without totals, and without a terminal", () => {
    const state = { ...STATE, bytesTotal: undefined };
    expect(progressLines(state, CONTEXT, undefined)).toEqual([
      "[0:12] 1200 files 3.000 GiB, 250.000 MiB/s, 2 errors",
    ]);
  });
});

test("speed is that of the last half minute", () => {
  const rate = new RateEstimator();
  for (let second = 0; second <= 60; second++) rate.update(second * 1000, second * 100);
  expect(rate.update(61_000, 6100)).toBeCloseTo(100, 0);
  for (let second = 62; second <= 120; second++)
    rate.update(second * 1000, 6100 + (second - 61) * 10);
  expect(rate.update(121_000, 6700)).toBeCloseTo(10, 0);
  expect(secondsLeft({ ...STATE, bytesDone: 0, bytesTotal: 100 }, 10)).toBe(10);
  expect(secondsLeft(STATE, 0)).toBeUndefined();
});

test("how often", () => {
  const settings = { json: false, quiet: false, progressFps: undefined };
  expect(reportInterval(settings, true)).toBe(100);
  expect(reportInterval(settings, false)).toBeUndefined();
  expect(reportInterval({ ...settings, json: true }, false)).toBeCloseTo(16.7, 0);
  expect(reportInterval({ ...settings, quiet: true }, true)).toBeUndefined();
  expect(reportInterval({ ...settings, progressFps: 0.5 }, false)).toBe(2000);
});

describe("on a screen", () => {
  const settings = { json: false, quiet: false, progressFps: undefined, verbosity: 1 } as const;

  test("the line is redrawn below messages and removed at the end", () => {
    const io = createFakeIo({ clock: createFakeClock(), terminal: true, columns: 60 });
    const printer = createPrinter(io, settings);
    const source = { noun: () => "files", state: () => STATE };
    const display = startProgress(io, printer, settings, source);
    io.tick();
    const drawn = io.out();
    expect(drawn).toContain("37.50%");
    printer.error("error: x");
    display.stop();
    const clear = "\r\u001B[2K\u001B[1A\r\u001B[2K";
    expect(io.out().slice(drawn.length)).toBe(`${clear}${drawn}${clear}`);
    expect(io.err()).toBe("error: x\n");
    io.tick();
    expect(io.out().endsWith(clear)).toBe(true);
  });

  test("no escape sequences elsewhere", () => {
    const io = createFakeIo({ clock: createFakeClock() });
    const fps = { ...settings, progressFps: 1 };
    const printer = createPrinter(io, fps);
    const source = { noun: () => "files", state: () => STATE };
    const display = startProgress(io, printer, fps, source);
    io.tick();
    display.stop();
    expect(io.out()).toMatch(/^\[0:00\] 37\.50%.*\n$/);
    expect(io.out()).not.toContain("\u001B");
  });
});
