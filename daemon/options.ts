/** Options of bothyd. */
import path from "node:path";
import { parseArgs } from "node:util";
import { badRequest } from "../sdk/api/errors";

export interface Options {
  /** State folder, absolute. */
  readonly dir: string;
  /** Group that may use the socket. */
  readonly group: string | undefined;
  readonly logfile: string | undefined;
  /** Leave out the pool, the network and the devices of the default profile that a first start makes. */
  readonly bare: boolean;
  /** Take the last good copy of a database that cannot be used. */
  readonly restoreDatabase: boolean;
}

export const usage = `Usage: bothyd [--dir DIR] [--group NAME] [--logfile FILE] [--bare] [--restore-database]

  --dir DIR       state folder; else BOTHY_DIR, else /var/lib/bothy
  --group NAME    group whose members may use the socket
  --logfile FILE  add log lines to this file instead of standard error
  --bare          do not prepare a pool, a network and the default profile
  --restore-database
                  go back to the last good copy of a database that cannot be used;
                  it does nothing to one that can
  --help          print this
`;

/** @returns the options, or "help" @throws ApiError BAD_REQUEST for an unknown one */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options | "help" {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        group: { type: "string" },
        logfile: { type: "string" },
        bare: { type: "boolean", default: false },
        "restore-database": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const dir = path.resolve(values.dir ?? env.BOTHY_DIR ?? "/var/lib/bothy");
    // Overlay separates its layers by colons.
    if (/[:\n]/.test(dir)) throw new Error(`The state folder "${dir}" must not contain a colon or a line break.`);
    const { group, logfile, bare } = values;
    return { dir, group, logfile, bare, restoreDatabase: values["restore-database"] };
  } catch (error) {
    throw badRequest(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}
