/** Commands: what bothyd does besides being the daemon, each over the socket of the one that runs, as LXD's do. */
import path from "node:path";
import { parseArgs } from "node:util";
import { badRequest } from "../../sdk/api/errors";
import { stateFolder } from "../options";
import { activateIfNeeded } from "./activate";
import { initialise } from "./init";
import { type InitOptions, initFlags } from "./init-options";
import { shutDown } from "./shut-down";
import { waitReady } from "./wait-ready";

interface Given {
  readonly dir: string;
  readonly socket: string;
  readonly seconds: number | undefined;
  readonly force: boolean;
  readonly init: InitOptions;
}

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const commands: Readonly<Record<string, (given: Given) => Promise<void>>> = {
  waitready: ({ socket, seconds }) => waitReady(socket, seconds),
  shutdown: ({ socket, force, seconds }) => shutDown(socket, force, seconds),
  activateifneeded: ({ dir, socket }) => activateIfNeeded(dir, socket, tell),
  init: ({ socket, init }) => initialise(socket, init, tell),
};

export const isCommand = (word: string | undefined): word is string => word !== undefined && word in commands;

/** @param args begin with the command @throws ApiError */
export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const [name = "", ...rest] = args;
  const { values } = parsed(rest);
  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 0))
    throw badRequest(`Invalid --timeout "${values.timeout}". Use whole seconds.`);
  const dir = stateFolder(values.dir, env);
  // Zero is none, as in LXD.
  await commands[name]?.({
    dir,
    socket: path.join(dir, "unix.socket"),
    seconds: seconds === 0 ? undefined : seconds,
    force: values.force,
    init: values,
  });
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        dir: { type: "string" },
        timeout: { type: "string", short: "t" },
        force: { type: "boolean", short: "f", default: false },
        // Taken as LXD's commands take them: what is found is said in any case.
        debug: { type: "boolean", short: "d", default: false },
        verbose: { type: "boolean", short: "v", default: false },
        ...initFlags,
      },
    });
  } catch (error) {
    throw badRequest((error as Error).message, { cause: error });
  }
}
