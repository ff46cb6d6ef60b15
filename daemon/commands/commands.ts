/** Commands: what bothyd does besides being the daemon, each over the socket of the one that runs, as LXD's do. */
import path from "node:path";
import { text as textOf } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { badRequest } from "../../sdk/api/errors";
import { stateFolder } from "../options";
import { activateIfNeeded } from "./activate";
import { applyPreseed, parsePreseed } from "./preseed";
import { shutDown } from "./shut-down";
import { waitReady } from "./wait-ready";

interface Given {
  readonly dir: string;
  readonly socket: string;
  readonly seconds: number | undefined;
  readonly force: boolean;
  readonly preseed: boolean;
}

const commands: Readonly<Record<string, (given: Given) => Promise<void>>> = {
  waitready: ({ socket, seconds }) => waitReady(socket, seconds),
  shutdown: ({ socket, force, seconds }) => shutDown(socket, force, seconds),
  activateifneeded: async ({ dir, socket }) => void process.stdout.write(`${await activateIfNeeded(dir, socket)}\n`),
  init: async ({ socket, preseed }) => {
    if (!preseed)
      throw badRequest('Say what to set up: "bothyd init --preseed" reads it as YAML from its standard input.');
    await applyPreseed(socket, parsePreseed(await textOf(process.stdin)));
  },
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
    preseed: values.preseed,
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
        preseed: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw badRequest((error as Error).message, { cause: error });
  }
}
