/** Options of bothyd. */
import path from "node:path";
import { parseArgs } from "node:util";
import { badRequest } from "../sdk/api/errors";
import { ownStateDir } from "../sdk/host/state-folder";
import { formats, type LogSettings, levels } from "./platform/log";

export interface Options {
  /** State folder, absolute. */
  readonly dir: string;
  /** Group that may use the socket. */
  readonly group: string | undefined;
  readonly log: LogSettings;
  /** Leave out the pool, the network and the devices of the default profile that a first start makes. */
  readonly bare: boolean;
  /** Take the last good copy of a database that cannot be used. */
  readonly restoreDatabase: boolean;
}

export const usage = `Usage: bothyd [--dir DIR] [--group NAME] [--logfile FILE]
              [--log-level LEVEL] [--log-format text|json] [--bare] [--restore-database]
       bothyd waitready [--dir DIR] [--timeout SECONDS]
       bothyd shutdown [--dir DIR] [--force] [--timeout SECONDS]
       bothyd activateifneeded [--dir DIR]
       bothyd init --preseed|--auto|--dump [--dir DIR] [--network-address HOST]
              [--network-port PORT] [--trust-password PASSWORD] [--storage-backend DRIVER]
              [--storage-create-device PATH] [--storage-create-loop GB] [--storage-pool NAME]

  --dir DIR       state folder; else BOTHY_DIR, else /var/lib/bothy, or for
                  users other than root ~/.local/share/bothy
  --group NAME    group whose members may use the socket
  --logfile FILE  add log lines to this file instead of standard error
  --log-level LEVEL
                  the least serious lines: debug, info, warning or error; else
                  BOTHY_LOG_LEVEL, else info. --debug and --verbose stand for
                  debug and info
  --log-format FORMAT
                  text, or json for one object a line; else BOTHY_LOG_FORMAT
  --bare          do not prepare a pool, a network and the default profile
  --restore-database
                  go back to the last good copy of a database that cannot be used;
                  it does nothing to one that can
  --help          print this

  waitready         waits until the daemon has started
  shutdown          waits for operations (with --force for none), stops all
                    containers and ends the daemon
  activateifneeded  reaches for the socket when something waits for the daemon,
                    so that a service manager that holds the socket starts it
  init --preseed    makes and changes configuration, networks, storage pools,
                    profiles and projects as YAML in LXD's form says, which it
                    reads from its standard input
  init --auto       makes a storage pool and a network where there are none, and the
                    devices for them in the default profile
  init --dump       prints how the daemon is set up, in the form of --preseed
`;

/** Absolute. */
export const stateFolder = (said: string | undefined, env: NodeJS.ProcessEnv): string =>
  path.resolve(said ?? ownStateDir(env));

/** @returns the options, or "help" @throws ApiError BAD_REQUEST for an unknown one */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options | "help" {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        group: { type: "string" },
        logfile: { type: "string" },
        "log-level": { type: "string" },
        "log-format": { type: "string" },
        debug: { type: "boolean", short: "d", default: false },
        verbose: { type: "boolean", short: "v", default: false },
        bare: { type: "boolean", default: false },
        "restore-database": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const dir = stateFolder(values.dir, env);
    // Overlay separates its layers by colons.
    if (/[:\n]/.test(dir)) throw new Error(`The state folder "${dir}" must not contain a colon or a line break.`);
    const { group, bare } = values;
    const flag = values.debug ? "debug" : values.verbose ? "info" : undefined;
    const level =
      values["log-level"] ?? flag ?? env.BOTHY_LOG_LEVEL ?? (env.BOTHY_DEBUG === undefined ? "info" : "debug");
    const log: LogSettings = {
      path: values.logfile,
      level: oneOf("log level", levels, level),
      format: oneOf("log format", formats, values["log-format"] ?? env.BOTHY_LOG_FORMAT ?? "text"),
    };
    return { dir, group, log, bare, restoreDatabase: values["restore-database"] };
  } catch (error) {
    throw badRequest(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

/** @throws Error for a word that is none of them */
function oneOf<Word extends string>(what: string, words: readonly Word[], text: string): Word {
  const word = words.find((known) => known === text);
  if (word === undefined) throw new Error(`Unknown ${what} "${text}": it must be one of ${words.join(", ")}.`);
  return word;
}
