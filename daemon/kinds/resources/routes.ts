/** Route of the host's resources. */
import { Resources } from "../../../sdk/api/resources";
import { needing, ofServer, type Route, route, sync } from "../../http/route";
import { answers } from "../../http/says";
import { readResources } from "./service";

export const resourcesRoutes: Route[] = ofServer(
  needing("authenticated", [
    route(
      "GET",
      "/1.0/resources",
      {
        summary: "Shows the host's hardware: processors, memory, cards, disks, buses and the machine itself.",
        answer: answers.one(Resources),
      },
      async () => sync(await readResources()),
    ),
  ]),
);
