/** daemon: becomes bothyd, or makes it a service of this host. */
import path from "node:path";
import { bothydProgram } from "../sdk/host/package";
import { Client, localEndpoint } from "../sdk/index";
import { type Call, type Command, UsageError } from "./command";
import { install, uninstall } from "./service/install";
import { shutDown } from "./service/shutdown";

export const daemon: Command = {
  words: "",
  withoutDaemon: true,
  options: {
    dir: {
      type: "string",
      value: "DIR",
      help: "State folder. Default: BOTHY_DIR, else /var/lib/bothy, for users other than root ~/.local/share/bothy.",
    },
    group: { type: "string", value: "NAME", help: "Group that may use the socket." },
    logfile: { type: "string", value: "FILE", help: "Write the log there instead of to standard error." },
    bare: { type: "boolean", help: "Prepare no pool, no network and no default profile." },
    install: { type: "boolean", help: "Write systemd's units for this package, switch them on and start them." },
    uninstall: { type: "boolean", help: "Stop containers and daemon, and take the units away. State stays." },
    shutdown: { type: "boolean", help: "Stop all containers in order, then the daemon." },
  },
  details:
    'The same as "bothyd" with the same options. SIGTERM stops the daemon and leaves containers running, SIGPWR stops them first.\n' +
    "As a service it starts with the host, containers outlive its restarts, and get a clean shutdown when the host does.",
  run: async (call) => {
    const { flag, value, output } = call;
    const actions = ["install", "uninstall", "shutdown"].filter(flag);
    if (actions.length > 1) throw new UsageError(`Options --${actions.join(" and --")} do not go together.`);
    if (actions.length === 0) return become(call);
    if (value("logfile") !== undefined)
      throw new UsageError(`Option "--logfile" is not for --${actions[0]}: a service writes to the journal.`);
    const dir = path.resolve(value("dir") ?? path.dirname(localEndpoint().socketPath));
    if (flag("install")) await install({ dir, group: value("group"), bare: flag("bare") }, output);
    else if (flag("uninstall")) await uninstall(output);
    else {
      await using client = new Client({ endpoint: path.join(dir, "unix.socket") });
      await shutDown(client, dir, output);
    }
    return 0;
  },
};

function become({ flag, value }: Call): never {
  const args = ["dir", "group", "logfile"].flatMap((name) => {
    const text = value(name);
    return text === undefined ? [] : [`--${name}`, text];
  });
  if (flag("bare")) args.push("--bare");
  // Taking its place keeps the process id, so whoever started this one can stop the daemon by it.
  process.execve?.(bothydProgram, [bothydProgram, ...args]);
  throw new Error(`Cannot run "${bothydProgram}": this Node has no execve. Run bothyd itself.`);
}
