/** Decompressed: a tarball on its way out of whatever unpacks it. */
export interface Decompressed {
  /** A chunk is there until the next one is asked for. */
  readonly stream: AsyncIterable<Buffer>;
  /** Resolves when the program ended well, or was stopped. @throws ApiError BAD_REQUEST with what it said about broken data */
  readonly done: () => Promise<void>;
  /** Ends the program early; one that has failed before keeps its failure. */
  readonly stop: () => void;
}
