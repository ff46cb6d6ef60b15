/** init: sets a daemon up, as YAML says (--preseed) or with what a host needs (--auto), or tells how it is set up (--dump). Flags are LXD's. */
import { text as textOf } from "node:stream/consumers";
import { badRequest } from "../../sdk/api/errors";
import { autoPreseed } from "./init-auto";
import { dumpOf } from "./init-dump";
import { type InitOptions, initFlags } from "./init-options";
import { applyPreseed, parsePreseed } from "./preseed";

/** @param tell is told what a dump holds @throws ApiError BAD_REQUEST for flags that do not go together, and what the daemon refuses */
export async function initialise(
  socketPath: string,
  options: InitOptions,
  tell: (text: string) => void,
): Promise<void> {
  const ways = (["preseed", "auto", "dump"] as const).filter((way) => options[way]);
  if (ways.length !== 1)
    throw badRequest(
      'Say how to set up, by one of these: "bothyd init --preseed" reads it as YAML from its standard input, "--auto" makes a storage pool and a network where there are none, "--dump" tells how the daemon is set up.',
    );
  const given = Object.keys(initFlags).filter(
    (flag) => flag.includes("-") && options[flag as keyof InitOptions] !== undefined,
  );
  if (!options.auto && given.length > 0) throw badRequest(`--${given[0]} is a flag of "init --auto". Leave it out.`);
  if (options.dump) return tell(await dumpOf(socketPath));
  await applyPreseed(
    socketPath,
    options.auto ? await autoPreseed(socketPath, options) : parsePreseed(await textOf(process.stdin)),
  );
}
