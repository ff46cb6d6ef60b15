/** Raw dnsmasq: lines of the user's own, asked of dnsmasq before the one that runs is ended for them. */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { badRequest } from "../../../sdk/api/errors";
import { run } from "../../platform/processes/run";

/** What only dnsmasq knows to be wrong beside its own words, such as two ways to say one thing, shows at its start. @throws ApiError BAD_REQUEST with what dnsmasq says */
export async function requireRawDnsmasq(config: Config): Promise<void> {
  const lines = networkConfig(config).get("raw.dnsmasq") ?? "";
  if (lines === "") return;
  // "-" is the standard input (dnsmasq(8), --conf-file).
  const { code, stderr } = await run("dnsmasq", ["--test", "--conf-file=-"], {
    input: `${lines}\n`,
    accept: [0, 1, 2, 3],
  });
  if (code === 0) return;
  const said = stderr
    .trim()
    .replace(/^dnsmasq: /, "")
    .replace(/ of stdin$/, "");
  throw badRequest(`Invalid value for "raw.dnsmasq": dnsmasq says: ${said}. Correct that line.`);
}
