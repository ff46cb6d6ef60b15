/** Route of the event stream (docs/lxd-api.md, Operations and events). */
import { badRequest } from "../../../sdk/api/errors";
import { Event, EventType, Lifecycle } from "../../../sdk/api/event";
import { isOfAllProjects, type UpgradeRoute } from "../../http/route";
import { allProjects, answers } from "../../http/says";
import { messageSockets } from "../../http/websockets";
import type { Events } from "../../platform/events";

export const eventUpgrades = (events: Events): UpgradeRoute[] => [
  {
    path: "/1.0/events",
    says: {
      summary: "Tells what happens from now on: changes of operations, what becomes of objects, lines of the log.",
      query: {
        type: "types of events, with commas between them: `operation`, `lifecycle`, `logging`; all when absent",
        ...allProjects,
      },
      answer: answers.websocket(
        "One text message an event. Its `metadata` is the operation, what became of which object, or the line of the log.",
        Event,
        Lifecycle,
      ),
    },
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
