/** Route of the event stream (docs/lxd-api.md, Operations and events). */
import { badRequest } from "../../../sdk/api/errors";
import { EventType } from "../../../sdk/api/event";
import { isOfAllProjects, type Route, route, type UpgradeRoute } from "../../http/route";
import { messageSockets } from "../../http/websockets";
import type { Events } from "../../platform/events";

export const eventRoutes: Route[] = [
  route("GET", "/1.0/events", () => {
    throw badRequest("Bad Request: connect to this path as a websocket.");
  }),
];

export const eventUpgrades = (events: Events): UpgradeRoute[] => [
  {
    path: "/1.0/events",
    upgrade: (asking, { request, socket, head }) => {
      const project = isOfAllProjects(asking) ? undefined : asking.call.project;
      const asked = asking.query.get("type");
      const names = asked === null || asked === "" ? EventType.options : asked.split(",");
      const types = new Set(names.map((name) => parseType(name)));
      messageSockets.handleUpgrade(request, socket, head, (client) => events.listen(client, types, project));
    },
  },
];

function parseType(name: string): EventType {
  const result = EventType.safeParse(name);
  if (!result.success) throw badRequest(`"${name}" isn't a supported event type`);
  return result.data;
}
