/** Runtime: one way to run a container of a root that is prepared, as far as it is measured beside others. */

export interface Runtime {
  /** What makes it and where its root is, such as "crun/dir": a column of the table. */
  readonly name: string;
  /** Resolves when the container's first process runs. */
  start(): Promise<unknown>;
  /** Runs /bin/true in it. @throws Error when that does not end well */
  exec(): Promise<unknown>;
  /** Ends it at once; it can be started again. */
  stop(): Promise<unknown>;
  /** The process that watches over it; absent where nothing does. */
  readonly watcher?: () => Promise<number>;
}

/** Roots of the same content. */
export interface Roots {
  /** Owned by root, for runtimes that map ids at the mount. */
  readonly own: string;
  /** Owned by the container's root on the host, for those that do not. */
  readonly shifted: string;
  readonly base: number;
}
