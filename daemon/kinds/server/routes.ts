/** Routes of the server itself. */
import { Text } from "../../../sdk/api/common";
import { Cluster, Server, ServerPut } from "../../../sdk/api/server";
import type { Changes } from "../../core/changes";
import { patched } from "../../core/merge";
import { ref } from "../../core/ref";
import { type ApiRequest, ifMatchOf, ofServer, type Route, route, sync } from "../../http/route";
import { answers } from "../../http/says";
import type { ServerService } from "./service";
import type { Shutdown } from "./shutdown";

const self = ref("server", "");

export function serverRoutes(server: ServerService, changes: Changes, shutdown: Shutdown): Route[] {
  function get({ call }: ApiRequest) {
    const shown = server.render(call.project);
    return sync(shown, shown.config);
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

  /** Stops all containers and then the daemon; answers when the containers have stopped. */
  async function shutDown() {
    await shutdown.containers();
    setImmediate(() => shutdown.daemon());
    return sync();
  }

  return ofServer([
    route("GET", "/", { summary: "Lists the versions of the API.", answer: answers.all(Text) }, () => sync(["/1.0"])),
    route(
      "GET",
      "/1.0",
      {
        summary: "Shows the server: its configuration, what it can do, and what it runs on.",
        query: { project: "the project that `environment.project` names" },
        tagged: true,
        answer: answers.one(Server),
      },
      get,
    ),
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
    route(
      "GET",
      "/1.0/cluster",
      { summary: "Says that the server is in no cluster.", answer: answers.one(Cluster) },
      () => sync({ server_name: "", enabled: false, member_config: [] }),
    ),
    route("GET", "/internal/ready", { summary: "Answers when the daemon has started.", answer: answers.nothing }, () =>
      sync(),
    ),
    route(
      "PUT",
      "/internal/shutdown",
      { summary: "Stops all containers, answers, and ends the daemon.", answer: answers.nothing },
      shutDown,
    ),
  ]);
}
