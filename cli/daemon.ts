/** daemon: becomes bothyd. */

import { bothydProgram } from "../sdk/host/package";
import type { Command } from "./command";

export const daemon: Command = {
  name: "daemon",
  summary: "Run the daemon in the foreground.",
  words: "",
  minWords: 0,
  maxWords: 0,
  options: {
    dir: { type: "string", value: "DIR", help: "State folder. Default: BOTHY_DIR, else /var/lib/bothy." },
    group: { type: "string", value: "NAME", help: "Group that may use the socket." },
    logfile: { type: "string", value: "FILE", help: "Write the log there instead of to standard error." },
    bare: { type: "boolean", help: "Prepare no pool, no network and no default profile." },
  },
  details:
    'The same as "bothyd" with the same options. SIGTERM stops the daemon and leaves containers running, SIGPWR stops them first.',
  run: async ({ flag, value }) => {
    const args = ["dir", "group", "logfile"].flatMap((name) => {
      const text = value(name);
      return text === undefined ? [] : [`--${name}`, text];
    });
    if (flag("bare")) args.push("--bare");
    // Taking its place keeps the process id, so whoever started this one can stop the daemon by it.
    process.execve?.(bothydProgram, [bothydProgram, ...args]);
    throw new Error(`Cannot run "${bothydProgram}": this Node has no execve. Run bothyd itself.`);
  },
};
