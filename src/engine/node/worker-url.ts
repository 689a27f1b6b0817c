/** Where the worker's entry lies: beside this file in sources, beside the bundle when built. */
export function workerUrl(): URL {
  const source = import.meta.url.endsWith(".ts");
  return new URL(source ? "./worker.ts" : "./worker.js", import.meta.url);
}
