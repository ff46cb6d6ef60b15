/** Routes of networks. */

import { type Network, NetworkPost, NetworkPut, NetworksPost } from "../../../sdk/api/network";
import { patchOf } from "../../../sdk/api/patch";
import { patched } from "../../core/merge";
import { checkEtag } from "../../http/etag";
import {
  type ApiRequest,
  created,
  ifMatchOf,
  param,
  parseBody,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";

const urlOf = (name: string) => `/1.0/networks/${encodeURIComponent(name)}`;

/** What the ETag covers (docs/lxd-api.md, Changes). */
const covered = ({ name, type, managed, description, config }: Network) => ({
  name,
  managed,
  type,
  description,
  config,
});

export const networkRoutes: Route[] = [
  route("GET", "/1.0/networks", listNetworks),
  route("POST", "/1.0/networks", createNetwork),
  route("GET", "/1.0/networks/:name", getNetwork),
  route("PUT", "/1.0/networks/:name", updateNetwork),
  route("PATCH", "/1.0/networks/:name", patchNetwork),
  route("POST", "/1.0/networks/:name", renameNetwork),
  route("DELETE", "/1.0/networks/:name", deleteNetwork),
  route("GET", "/1.0/networks/:name/leases", getLeases),
  route("GET", "/1.0/networks/:name/state", getState),
];

async function listNetworks(request: ApiRequest) {
  const networks = await request.context.networks.list();
  return sync(recursionOf(request) === 0 ? networks.map(({ name }) => urlOf(name)) : networks);
}

async function createNetwork(request: ApiRequest) {
  const body = parseBody(request, NetworksPost);
  // lxc sends an empty type and means a bridge.
  const post = { ...body, type: body.type || "bridge" };
  const { locks, networks } = request.context;
  await locks.run(`network/${post.name}`, () => networks.create(post));
  tell(request, "network-created", post.name);
  return created(urlOf(post.name));
}

async function getNetwork(request: ApiRequest) {
  const network = await request.context.networks.show(param(request, "name"));
  return sync(network, covered(network));
}

function updateNetwork(request: ApiRequest) {
  const put = parseBody(request, NetworkPut);
  return change(request, () => put);
}

function patchNetwork(request: ApiRequest) {
  const patch = parseBody(request, patchOf(NetworkPut));
  return change(request, ({ description, config }) => patched({ description, config }, patch));
}

async function change(request: ApiRequest, next: (have: Network) => NetworkPut) {
  const name = param(request, "name");
  const { locks, networks } = request.context;
  await locks.run(`network/${name}`, async () => {
    const have = networks.get(name);
    checkEtag(ifMatchOf(request), covered(have));
    await networks.update(name, next(have));
  });
  tell(request, "network-updated", name);
  return sync();
}

async function renameNetwork(request: ApiRequest) {
  const from = param(request, "name");
  const { name: to } = parseBody(request, NetworkPost);
  await request.context.locks.runAll([`network/${from}`, `network/${to}`], () =>
    request.context.networks.rename(from, to),
  );
  tell(request, "network-renamed", to, { old_name: from });
  return created(urlOf(to));
}

async function deleteNetwork(request: ApiRequest) {
  const name = param(request, "name");
  await request.context.locks.run(`network/${name}`, () => request.context.networks.delete(name));
  tell(request, "network-deleted", name);
  return sync();
}

async function getLeases(request: ApiRequest) {
  return sync(await request.context.networks.leases(param(request, "name")));
}

async function getState(request: ApiRequest) {
  return sync(await request.context.networks.state(param(request, "name")));
}

function tell(request: ApiRequest, action: string, name: string, context?: Record<string, unknown>): void {
  request.context.events.lifecycle({ action, source: urlOf(name), context, requestor: request.requestor });
}
