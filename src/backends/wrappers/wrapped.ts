/** The common part of all wrappers: every call goes to the storage within, unchanged. */
import type {
  Backend,
  BackendSupport,
  CallOptions,
  FileRef,
  FileType,
  ListedFile,
  ReadOptions,
  WriteOptions,
} from "#backends/backend.ts";

/** Subclasses override the calls that they change. */
export class WrappedBackend implements Backend {
  protected readonly inner: Backend;

  constructor(inner: Backend) {
    this.inner = inner;
  }

  get location(): string {
    return this.inner.location;
  }

  get connections(): number {
    return this.inner.connections;
  }

  get supports(): BackendSupport {
    return this.inner.supports;
  }

  create(options?: CallOptions): Promise<void> {
    return this.inner.create(options);
  }

  write(file: FileRef, parts: readonly Uint8Array[], options?: WriteOptions): Promise<void> {
    return this.inner.write(file, parts, options);
  }

  read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    return this.inner.read(file, options);
  }

  stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    return this.inner.stat(file, options);
  }

  list(type: FileType, options?: CallOptions): AsyncIterable<ListedFile> {
    return this.inner.list(type, options);
  }

  remove(file: FileRef, options?: CallOptions): Promise<void> {
    return this.inner.remove(file, options);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
