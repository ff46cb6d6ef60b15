/** Options of calls. */

export interface CallOptions {
  /** Aborts the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** ETag as a read gave it; the write is refused with PRECONDITION_FAILED when the object changed since. */
  readonly etag?: string;
}
