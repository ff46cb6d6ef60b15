/** Routes of networks: those that every kind has, leases and state. */
import { NetworkLease, NetworkState, networkKind } from "../../../sdk/api/network";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { param, type Route, raw, route, sharedForReading, sync } from "../../http/route";
import { answers } from "../../http/says";
import { networkForwardRoutes } from "./forward/routes";
import type { NetworkService } from "./service";

export const networkRoutes = (networks: NetworkService, changes: Changes): Route[] =>
  sharedForReading("view", [
    ...kindRoutes(networkKind, networks, changes, (_call, name) => ref("network", name)),
    route(
      "GET",
      `${networkKind.path}/:name/leases`,
      {
        summary: "Lists the addresses that a network has given to instances of a project.",
        answer: answers.all(NetworkLease),
      },
      async (request) => {
        networks.requireAllowed(request.call, param(request, "name"));
        return sync(await networks.leases(param(request, "name"), request.call.project));
      },
    ),
    route(
      "GET",
      `${networkKind.path}/:name/state`,
      { summary: "Shows addresses and counters of a network's interface.", answer: answers.one(NetworkState) },
      async (request) => {
        networks.requireAllowed(request.call, param(request, "name"));
        return sync(await networks.state(param(request, "name")));
      },
    ),
    {
      ...route(
        "GET",
        `${networkKind.path}/:name/egress/log`,
        {
          summary: "Shows what `security.egress.allow` of a network and its nics has refused.",
          answer: answers.raw("one JSON object a line, oldest first"),
        },
        async (request) =>
          raw(networks.egressLog(request.call, param(request, "name")), {
            "content-type": "text/plain; charset=utf-8",
          }),
      ),
      // It tells of packets and names of all projects.
      access: "admin",
    },
    ...networkForwardRoutes(networks, changes),
  ]);
