/** Routes of the server itself. */
import { patchOf } from "../../../sdk/api/patch";
import { ServerPut } from "../../../sdk/api/server";
import { patched } from "../../core/merge";
import { checkEtag } from "../../http/etag";
import { type ApiRequest, ifMatchOf, parseBody, type Route, route, sync } from "../../http/route";

export const serverRoutes: Route[] = [
  route("GET", "/", () => sync(["/1.0"])),
  route("GET", "/1.0", getServer),
  route("PUT", "/1.0", updateServer),
  route("PATCH", "/1.0", patchServer),
  route("GET", "/1.0/cluster", () => sync({ server_name: "", enabled: false, member_config: [] })),
  route("GET", "/internal/ready", () => sync()),
  route("PUT", "/internal/shutdown", shutDown),
];

function getServer(request: ApiRequest) {
  const server = request.context.server.render();
  return sync(server, server.config);
}

function updateServer(request: ApiRequest) {
  return change(request, parseBody(request, ServerPut).config);
}

function patchServer(request: ApiRequest) {
  const patch = parseBody(request, patchOf(ServerPut));
  return change(request, patched({ config: request.context.server.config() }, patch).config);
}

function change(request: ApiRequest, config: Record<string, string>) {
  const { server, events } = request.context;
  checkEtag(ifMatchOf(request), server.config());
  server.setConfig(config);
  events.lifecycle({ action: "config-updated", source: "/1.0", requestor: request.requestor });
  return sync();
}

/** Stops all containers and then the daemon; answers when the containers have stopped. */
async function shutDown(request: ApiRequest) {
  await request.context.shutdown.containers();
  setImmediate(() => request.context.shutdown.daemon());
  return sync();
}
