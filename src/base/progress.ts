/**
 * Progress is a stream of plain events from an operation to whoever shows it. An operation never
 * prints; a listener never throws.
 */
export type ProgressListener<Event> = (event: Event) => void;

/** What every operation takes besides its own options. */
export interface OperationContext<Event> {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ProgressListener<Event> | undefined;
}
