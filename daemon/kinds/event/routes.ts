/** Route of the event stream (docs/lxd-api.md, Operations and events). */
import { badRequest } from "../../../sdk/api/errors";
import { Event, EventType, Lifecycle } from "../../../sdk/api/event";
import { hasServer, maySee, notAuthorized } from "../../core/access";
import type { Call } from "../../core/call";
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
    access: "list",
    upgrade: (asking, { request, socket, head }) => {
      const { call } = asking;
      const wanted = isOfAllProjects(asking) ? undefined : call.project;
      const isWanted = (project: string | undefined) =>
        wanted === undefined || project === undefined || project === wanted;
      const types = typesFor(call, asking.query.get("type"));
      socket.once("close", events.expect());
      messageSockets.handleUpgrade(request, socket, head, (client) =>
        events.listen(client, types, (project) => isWanted(project) && maySee(call, project)),
      );
    },
  },
];

/** Lines of the log are about the whole server. @throws ApiError FORBIDDEN, BAD_REQUEST */
function typesFor(call: Call, asked: string | null): ReadonlySet<EventType> {
  if (asked === null || asked === "")
    return new Set(EventType.options.filter((type) => type !== "logging" || hasServer(call)));
  const types = new Set(asked.split(",").map((name) => parseType(name)));
  if (types.has("logging") && !hasServer(call)) throw notAuthorized();
  return types;
}

function parseType(name: string): EventType {
  const result = EventType.safeParse(name);
  if (!result.success) throw badRequest(`"${name}" isn't a supported event type`);
  return result.data;
}
