/** Routes of networks: those that every kind has, leases and state. */
import { networkKind } from "../../../sdk/api/network";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { param, type Route, route, sync } from "../../http/route";
import type { NetworkService } from "./service";

export const networkRoutes = (networks: NetworkService, changes: Changes): Route[] => [
  ...kindRoutes(networkKind, networks, changes, (_call, name) => ref("network", name)),
  route("GET", `${networkKind.path}/:name/leases`, async (request) =>
    sync(await networks.leases(param(request, "name"), request.call.project)),
  ),
  route("GET", `${networkKind.path}/:name/state`, async (request) =>
    sync(await networks.state(param(request, "name"))),
  ),
];
