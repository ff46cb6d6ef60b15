/** Shutdown: the two ways to stop, for signals and for PUT /internal/shutdown; daemon.ts fills it. */
export interface Shutdown {
  /** Waits for operations that run, no longer than so many minutes. */
  operations(minutes: number): Promise<void>;
  /** Stops every container: cleanly, then by force. */
  containers(): Promise<void>;
  /** Ends the daemon; containers that run go on. */
  daemon(): void;
}
