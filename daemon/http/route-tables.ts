/** Route tables: every path that is served, by all of its names, with what it refuses. */
import { ApiError, badRequest, notFound } from "../../sdk/api/errors";
import type { Route, UpgradeRoute } from "./route";

/** Older names of the instances, and of those of a type that is not there yet (docs/lxd-api.md, Answers). */
export const instancePrefix = "/1.0/instances";
export const containers = "/1.0/containers";
export const virtualMachines = "/1.0/virtual-machines";

/** All that is served: routes, what the paths of upgrades answer to a request that is none, and older names. */
export const servedRoutes = (routes: readonly Route[], upgrades: readonly UpgradeRoute[]): Route[] =>
  withAliases([...routes, ...upgrades.map(withoutUpgrade)]);

function withAliases(routes: readonly Route[]): Route[] {
  return routes.flatMap((route) => {
    if (!route.path.startsWith(instancePrefix)) return [route];
    const rest = route.path.slice(instancePrefix.length);
    const handle = rest === "" ? route.handle : noVirtualMachine;
    const older = { ...route, path: containers + rest, handle: withOlderPaths(route) };
    return [route, older, { ...route, path: virtualMachines + rest, handle }];
  });
}

export const notImplemented = (): ApiError => new ApiError("NOT_IMPLEMENTED", "not implemented");

/** A list that is asked for by the older name has paths of that name, as in LXD. */
const withOlderPaths =
  ({ handle }: Route): Route["handle"] =>
  async (request) => {
    const reply = await handle(request);
    if (reply.type !== "sync" || !Array.isArray(reply.metadata)) return reply;
    const older = (url: unknown) =>
      typeof url === "string" && url.startsWith(`${instancePrefix}/`)
        ? containers + url.slice(instancePrefix.length)
        : url;
    return { ...reply, metadata: reply.metadata.map(older) };
  };

/** What the path of an upgrade answers to a request that is none. */
const withoutUpgrade = ({ path, protocol, says, access, anyProject = false }: UpgradeRoute): Route => ({
  method: "GET",
  path,
  says,
  access,
  anyProject,
  handle: ({ query }) => {
    if (protocol !== undefined) throw lacksUpgrade(protocol);
    const missing = says.needs?.find((name) => !query.get(name));
    if (missing !== undefined) throw badRequest(`missing ${missing}`);
    return {
      type: "raw",
      status: 400,
      headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
      body: "Bad Request\n",
    };
  },
});

export const lacksUpgrade = (protocol: string): ApiError =>
  badRequest(`Missing or invalid upgrade header: send "Upgrade: ${protocol}".`);

function noVirtualMachine(): never {
  throw notFound("Instance not found");
}
