/** unit: fast, in memory. slow: real processes, official restic, sweeps. browser: Debian's Chromium. */
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const slow = ["test/**/*.test.ts"];
const browser = ["src/**/*.browser.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: [...browser],
          pool: "threads",
          maxWorkers: 2,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "slow",
          include: slow,
          pool: "forks",
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Found before the first page: Vite would otherwise reload pages in the middle of a test.
        optimizeDeps: {
          include: [
            "@noble/ciphers/aes.js",
            "@noble/hashes/scrypt.js",
            "@noble/hashes/sha2.js",
            "fzstd",
          ],
        },
        test: {
          name: "browser",
          include: browser,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
                args: [
                  "--no-sandbox",
                  "--disable-gpu",
                  "--disable-quic",
                  "--no-first-run",
                  "--disable-background-networking",
                  "--disable-component-update",
                  "--disable-sync",
                ],
              },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
