/** Routes of the server itself. */
import { patchOf } from "../../../sdk/api/patch";
import { ServerPut } from "../../../sdk/api/server";
import type { Changes } from "../../core/changes";
import { patched } from "../../core/merge";
import { ref } from "../../core/ref";
import { type ApiRequest, ifMatchOf, ofServer, parseBody, type Route, route, sync } from "../../http/route";
import type { ServerService } from "./service";
import type { Shutdown } from "./shutdown";

const self = ref("server", "");

export function serverRoutes(server: ServerService, changes: Changes, shutdown: Shutdown): Route[] {
  function get({ call }: ApiRequest) {
    const shown = server.render(call.project);
    return sync(shown, shown.config);
  }

  function update(request: ApiRequest) {
    const { config } = parseBody(request, ServerPut);
    return change(request, () => config);
  }

  function patch(request: ApiRequest) {
    const patch = parseBody(request, patchOf(ServerPut));
    return change(request, () => patched({ config: server.config() }, patch).config);
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
    route("GET", "/", () => sync(["/1.0"])),
    route("GET", "/1.0", get),
    route("PUT", "/1.0", update),
    route("PATCH", "/1.0", patch),
    route("GET", "/1.0/cluster", () => sync({ server_name: "", enabled: false, member_config: [] })),
    route("GET", "/internal/ready", () => sync()),
    route("PUT", "/internal/shutdown", shutDown),
  ]);
}
