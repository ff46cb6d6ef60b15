/** Daemon: whether one listens, and what it says of itself. */
import { wholePath } from "../../sdk/host/namespaces";
import { currentUser, whatUserLacks } from "../../sdk/host/subordinate-ids";
import { ApiError, type Client, endpointText, isNobodyListening } from "../../sdk/index";
import type { Finding } from "./finding";
import type { Host } from "./host";

/** Asks the daemon; when none listens, says whether one may be started. */
export async function daemonFindings(client: Client, host: Host): Promise<Finding[]> {
  const subject = "daemon";
  const effect = "containers by this command and by programs";
  const place = endpointText(client.endpoint);
  try {
    const { environment, auth, api_extensions: extensions } = (await client.getServer()).value;
    const found = `${environment.server} ${environment.server_version} at ${place}, storage ${environment.storage || "none"}`;
    if (auth === "trusted")
      return [
        { subject, status: "ok", found, effect },
        ...(extensions.includes("warnings") ? await warningFindings(client) : []),
      ];
    const remedy = "Use a connection that the daemon trusts";
    return [{ subject, status: "off", found: `${found}, which does not trust us`, effect, remedy }];
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    if (!isNobodyListening(error)) return [{ subject, status: "off", found: error.message, effect }];
    const finding: Finding = { subject, status: "off", found: `nobody listens at ${place}`, effect };
    if (client.endpoint.kind !== "unix") return [{ ...finding, found: error.message }];
    return [{ ...finding, remedy: "Run: bothy daemon --install. Programs start one on their own" }, privilege(host)];
  }
}

const mostWarnings = 10;

/** What the daemon warns of and nobody has acknowledged. */
async function warningFindings(client: Client): Promise<Finding[]> {
  const warnings = (await client.listWarnings()).filter(({ status }) => status === "new");
  return warnings.slice(0, mostWarnings).map(({ type, last_message, entity_url, severity }) => ({
    subject: `warning, ${severity}`,
    status: "off",
    found: `${type}: ${last_message}`,
    effect: entity_url || "the daemon",
  }));
}

/** Without a daemon that somebody else runs, it is our own rights that count. */
function privilege({ uid }: Host): Finding {
  const subject = "rights";
  const effect = "starting a daemon of one's own";
  if (uid === 0) return { subject, status: "ok", found: "root", effect };
  const lack = whatUserLacks(currentUser(), { searchPath: wholePath() });
  if (lack === undefined) return { subject, status: "ok", found: `user ${uid}, in namespaces of their own`, effect };
  const [found = "", remedy] = lack.split(". ");
  return { subject, status: "missing", found, effect, remedy: `${remedy}; or let root run the daemon with --group` };
}
