/** Routes of the server itself. */

import { Text } from "../../../sdk/api/common";
import { isTrue } from "../../../sdk/api/config/values";
import { badRequest } from "../../../sdk/api/errors";
import { Cluster, Server, ServerPut } from "../../../sdk/api/server";
import { hasServer, isUntrusted } from "../../core/access";
import type { Changes } from "../../core/changes";
import { patched } from "../../core/merge";
import { ref } from "../../core/ref";
import { type ApiRequest, ifMatchOf, needing, ofServer, type Route, route, sync } from "../../http/route";
import { answers } from "../../http/says";
import type { ServerService } from "./service";
import { shownConfig } from "./shown-config";
import type { Shutdown } from "./shutdown";

const self = ref("server", "");

export function serverRoutes(server: ServerService, changes: Changes, shutdown: Shutdown): Route[] {
  async function get({ call, headers }: ApiRequest) {
    if (isUntrusted(call)) return sync(server.greeting());
    const config = hasServer(call) ? server.config() : {};
    return sync(await server.render(call.project, shownConfig(config, headers["user-agent"])), config);
  }

  async function change(request: ApiRequest, next: () => Record<string, string>) {
    await changes.run(request.call, {
      of: [self],
      etag: { ifMatch: ifMatchOf(request), parts: () => server.config() },
      told: { action: "config-updated", of: self },
      work: () => server.setConfig(next()),
    });
    return sync();
  }

  /** Waits for operations, stops all containers and then the daemon; answers when the containers have stopped. */
  async function shutDown({ query }: ApiRequest) {
    if (!isTrue(query.get("force") ?? "")) await shutdown.operations(server.shutdownTimeout);
    await shutdown.containers();
    setImmediate(() => shutdown.daemon());
    return sync();
  }

  const notClustered = (): never => {
    throw badRequest("Server is not clustered");
  };

  const forAll = needing("untrusted", [
    route("GET", "/", { summary: "Lists the versions of the API.", answer: answers.all(Text) }, () => sync(["/1.0"])),
    route(
      "GET",
      "/1.0",
      {
        summary:
          "Shows the server: its configuration, what it can do, and what it runs on. Who is not trusted sees neither `config` nor `environment`.",
        query: { project: "the project that `environment.project` names" },
        tagged: true,
        answer: answers.one(Server),
      },
      get,
    ),
  ]);
  const forTrusted = needing("authenticated", [
    route(
      "GET",
      "/1.0/cluster",
      { summary: "Says that the server is in no cluster.", answer: answers.one(Cluster) },
      () => sync({ server_name: "", enabled: false, member_config: [] }),
    ),
    route(
      "GET",
      "/1.0/cluster/members",
      { summary: "Refuses: the server is in no cluster.", answer: answers.all(Text) },
      notClustered,
    ),
    ...(["GET", "DELETE"] as const).map((method) =>
      route(
        method,
        "/1.0/cluster/members/:name",
        { summary: "Refuses: the server is in no cluster.", answer: answers.nothing },
        notClustered,
      ),
    ),
  ]);

  return ofServer([
    ...forAll,
    route(
      "PUT",
      "/1.0",
      { summary: "Replaces the server's configuration.", body: ServerPut, tagged: true, answer: answers.nothing },
      (request, { config }) => change(request, () => config),
    ),
    route(
      "PATCH",
      "/1.0",
      {
        summary: "Changes keys of the server's configuration.",
        patch: ServerPut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, patch) => change(request, () => patched({ config: server.config() }, patch).config),
    ),
    ...forTrusted,
    route("GET", "/internal/ready", { summary: "Answers when the daemon has started.", answer: answers.nothing }, () =>
      sync(),
    ),
    route(
      "PUT",
      "/internal/shutdown",
      {
        summary: "Waits for operations (`core.shutdown_timeout`), stops all containers, answers, and ends the daemon.",
        query: { force: "`true`: waits for no operation" },
        answer: answers.nothing,
      },
      shutDown,
    ),
  ]);
}
