/** A process of its own that tells the daemon that an environment is over, whose process has just ended. Arguments: endpoint, project. */
import { Client } from "../sdk";

const [endpoint, project = ""] = process.argv.slice(2);

void (async () => {
  await using server = new Client({ endpoint });
  await server.patchProject(project, { config: { "expiry.at": new Date().toISOString() } });
})();
