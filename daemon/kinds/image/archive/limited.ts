/** Limited: a program of the check, which is confined already, with a bound on its memory. */

/** @returns program and arguments; the words reach it as they are, no shell reads them */
export const limited = (command: string, args: readonly string[], memoryBytes: number): [string, string[]] => [
  "sh",
  ["-c", 'ulimit -v "$1"; shift; exec "$@"', "sh", String(Math.ceil(memoryBytes / 1024)), command, ...args],
];
