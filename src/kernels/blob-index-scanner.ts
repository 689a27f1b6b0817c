/**
 * Reads index files (docs/format.md, section 7) in WebAssembly, straight from JSON bytes to
 * records. The text lies in a memory of the scanner's own, which the collector takes back between
 * files if it wants, so that the blob table's memory, which never shrinks, holds no text.
 */
import { fromBase64 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { SCAN } from "#kernels/blob-index.wasm.ts";
import { wasm, type WasmMemory, type WasmModule } from "#kernels/webassembly.ts";

/** Receives what an index file holds, in its order. All arrays are valid during the call only. */
export interface IndexSink {
  /** A pack begins; `id` has 32 bytes. The batches up to the next pack are its blobs. */
  pack(id: Uint8Array): void;
  /** Records of 48 bytes: id, type << 24 (0 data, 1 tree), offset, length, raw length. */
  blobs(records: Uint8Array, count: number): void;
}

interface ScanExports {
  begin(length: number): void;
  next(): number;
  batchCount(): number;
  errorReason(): number;
  errorPosition(): number;
}

interface Scanner {
  readonly memory: WasmMemory;
  readonly exports: ScanExports;
}

/** Layout and numbers of blob-index-scan.as. */
const RECORDS = 1024;
const TEXT = 0x1_0000;
const PADDING = 128;
const PACK_EVENT = 1;
const BATCH_EVENT = 2;
const PAGE = 0x1_0000;

/**
 * An index file of restic has at most 50,000 + 409,199 blobs before it is split, some 80 MB; this
 * leaves room for other writers and bounds what a hostile file can make us hold.
 */
const MAX_TEXT = 0x4000_0000;

const REASONS: readonly string[] = [
  "",
  "malformed JSON",
  "an object or a list was expected here",
  "nested deeper than 64 levels",
  "the format of restic 0.1 (a bare list) is not supported",
  "a required field is missing",
  "a field is given twice",
  "an id is not 64 hex digits",
  "a number is not an integer of 32 bits",
  "a blob type is neither data nor tree",
];

let compiled: WasmModule | undefined;
/** One scanner a thread, kept only while nobody needs its memory. */
let idle: WeakRef<Scanner> | undefined;

function takeScanner(): Scanner {
  const kept = idle?.deref();
  // Taken out while in use: a sink that loads another file gets another scanner.
  idle = undefined;
  if (kept !== undefined) return kept;
  compiled ??= new wasm.Module(fromBase64(SCAN)!);
  const memory = new wasm.Memory({ initial: 2 });
  const instance = new wasm.Instance(compiled, { env: { memory } });
  return { memory, exports: instance.exports as ScanExports };
}

/**
 * Passes the content of one index file to `sink`. Scanning and adding cost about 2.3 ms per MB, and
 * memory of the size of the text until the next garbage collection.
 * @throws BAD_FORMAT with the byte position in `data.position`; the sink may have seen a part
 * @throws TOO_LARGE above 1 GiB of text
 */
export function scanIndexFile(json: Uint8Array, sink: IndexSink): void {
  if (json.length > MAX_TEXT) {
    throw new CofferError("TOO_LARGE", `Index file of ${json.length} bytes`);
  }
  const scanner = takeScanner();
  const { memory, exports } = scanner;
  const missing = TEXT + json.length + PADDING - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(json, TEXT);
  step(exports, () => exports.begin(json.length));
  for (;;) {
    const event = step(exports, () => exports.next());
    if (event === PACK_EVENT) sink.pack(bytes.subarray(0, 32));
    else if (event === BATCH_EVENT) {
      const count = exports.batchCount();
      sink.blobs(bytes.subarray(RECORDS, RECORDS + count * 48), count);
    } else break;
  }
  idle = new WeakRef(scanner);
}

/** The scanner leaves by a trap with the reason set; any other trap is a defect. */
function step<T>(exports: ScanExports, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const reason = exports.errorReason();
    if (!(error instanceof wasm.RuntimeError) || reason === 0) throw error;
    const position = exports.errorPosition();
    throw new CofferError("BAD_FORMAT", `Index file, byte ${position}: ${REASONS[reason]}`, {
      data: { position },
    });
  }
}
