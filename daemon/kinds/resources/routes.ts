/** Route of the host's resources. */
import { ofServer, type Route, route, sync } from "../../http/route";
import { readResources } from "./service";

export const resourcesRoutes: Route[] = ofServer([
  route("GET", "/1.0/resources", async () => sync(await readResources())),
]);
