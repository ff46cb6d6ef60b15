/** Who may ask what: every route of the API, asked by nobody known, by a restricted client in and out of its project, and by a trusted one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebSocket } from "ws";
import type { Access } from "../../daemon/core/access";
import { type ApiRoute, apiRoutes } from "../support/api-routes";
import { withDaemon } from "../support/daemon";
import { type Identity, listenAt, makeIdentity, Network, trust } from "../support/https";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** What is not for the whole server alone. A route that is new in one of these lists is a decision, and written down here. */
const open: Readonly<Record<Exclude<Access, "admin" | "view" | "edit">, readonly string[]>> = {
  untrusted: [
    "GET /",
    "GET /1.0",
    "GET /1.0/images",
    "GET /1.0/images/:fingerprint",
    "GET /1.0/images/:fingerprint/export",
    "GET /1.0/images/aliases/:name*",
    "GET /1.0/metrics",
    "GET /1.0/operations/:id/wait",
    "GET /1.0/operations/:id/websocket",
    "POST /1.0/certificates",
    "POST /1.0/images",
  ],
  authenticated: [
    "DELETE /1.0/cluster/members/:name",
    "DELETE /1.0/operations/:id",
    "GET /1.0/certificates",
    "GET /1.0/certificates/:fingerprint",
    "GET /1.0/cluster",
    "GET /1.0/cluster/members",
    "GET /1.0/cluster/members/:name",
    "GET /1.0/operations",
    "GET /1.0/operations/:id",
    "GET /1.0/projects",
    "GET /1.0/projects/:name",
    "GET /1.0/projects/:name/state",
    "GET /1.0/resources",
    "GET /1.0/storage-pools",
    "GET /1.0/storage-pools/:name",
    "GET /1.0/storage-pools/:name/resources",
    "PATCH /1.0/certificates/:fingerprint",
    "PUT /1.0/certificates/:fingerprint",
  ],
  list: [
    "GET /1.0/events",
    "GET /1.0/images/aliases",
    "GET /1.0/instances",
    "GET /1.0/profiles",
    "GET /1.0/storage-pools/:pool/volumes",
    "GET /1.0/storage-pools/:pool/volumes/:type",
  ],
};

const nameOf = ({ method, path }: ApiRoute) => `${method} ${path}`;

for (const access of Object.keys(open) as (keyof typeof open)[])
  test(`the routes of the access "${access}" are those that are written down`, () => {
    const found = apiRoutes.filter((route) => route.access === access).map(nameOf);
    assert.deepEqual([...new Set(found)].sort(), open[access]);
  });

test("what is for those who have a project is about instances, snapshots, images, profiles, volumes and networks", () => {
  const inProject = apiRoutes.filter(({ access }) => access === "view" || access === "edit");
  const own = /^\/1\.0\/(instances|images|profiles|network-[a-z-]+|networks|storage-pools\/:pool\/volumes)(\/|$)/;
  const strange = inProject.filter(({ path }) => !own.test(path));
  assert.deepEqual(strange.map(nameOf), []);
  const isReading = ({ method, path }: ApiRoute) => /^(GET|HEAD)$/.test(method) && !path.endsWith("/sftp");
  const writing = inProject.filter((each) => (each.access === "edit") === isReading(each));
  assert.deepEqual(writing.map(nameOf), [], "who only sees changes nothing");
  const networks = inProject.filter(({ path, method }) => /^\/1\.0\/network(s|-)/.test(path) && method !== "GET");
  assert.deepEqual(networks.map(nameOf), []);
});

interface Outcome {
  readonly status: number;
  readonly error: string;
}

async function ask(network: Network, who: Identity | undefined, route: ApiRoute, project: string): Promise<Outcome> {
  const path = `${route.path.replace(/:(\w+)\*?/g, "none")}?project=${project}`;
  if (route.upgrades) {
    const found: WebSocket | number = await network.upgrade(who, path);
    if (typeof found === "number") return { status: found, error: "" };
    found.terminate();
    return { status: 101, error: "" };
  }
  const body = /PUT|PATCH|POST/.test(route.method) ? "[]" : undefined;
  const answer = await network.send(who, route.method, path, body);
  return { status: answer.status, error: answer.json.error ?? "" };
}

test("nobody, a restricted client and a trusted one get what the access of each route says", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const [restricted, trusted] = [makeIdentity("restricted"), makeIdentity("trusted")];
    await listenAt(daemon);
    await daemon.client.createProject({ name: "lab" });
    await trust(daemon, restricted, { restricted: true, projects: ["lab"] });
    await trust(daemon, trusted);
    await using network = await Network.to(daemon);
    const isRefused = ({ status, error }: Outcome) => status === 403 && /^(not authorized|)$/.test(error);
    for (const route of apiRoutes) {
      // It is the last word of a daemon.
      if (route.path === "/internal/shutdown") continue;
      const { access } = route;
      const say = (who: string, outcome: Outcome) => `${nameOf(route)} by ${who}: ${JSON.stringify(outcome)}`;
      const byNobody = await ask(network, undefined, route, "default");
      // Without the secret these are refused by what they do; the password is asked for by the body.
      const isSending = nameOf(route) === "POST /1.0/images";
      const isBySecret = /\/(wait|websocket)$/.test(route.path) && route.path.startsWith("/1.0/operations");
      // Its configuration says whether everybody may.
      const isMetrics = route.path === "/1.0/metrics";
      if (isBySecret) assert.ok([400, 403, 404].includes(byNobody.status), say("nobody", byNobody));
      else assert.equal(isRefused(byNobody), access !== "untrusted" || isMetrics || isSending, say("nobody", byNobody));
      const own = await ask(network, restricted, route, "lab");
      assert.equal(
        isRefused(own),
        access === "admin" || /^\/1\.0\/projects\/:name/.test(route.path),
        say("the restricted one", own),
      );
      const foreign = await ask(network, restricted, route, "default");
      const isOfProject =
        isSending ||
        ["view", "edit", "list", "admin"].includes(access) ||
        isMetrics ||
        /^\/1\.0\/projects\/:name/.test(route.path);
      assert.equal(isRefused(foreign), isOfProject, say("the restricted one elsewhere", foreign));
      const byTrusted = await ask(network, trusted, route, "default");
      assert.notEqual(byTrusted.status, 403, say("the trusted one", byTrusted));
    }
    const refused = await network.send(undefined, "PUT", "/internal/shutdown");
    assert.equal(refused.status, 403);
    assert.equal((await network.send(restricted, "PUT", "/internal/shutdown")).status, 403);
    for (const [method, path, status] of [
      ["GET", "/1.0/nothing", 404],
      ["GET", "/1.0/metrics", 403],
      ["PURGE", "/1.0", 403],
      ["DELETE", "/1.0", 403],
      ["GET", "/1.0/instances/../../1.0/networks", 404],
      ["GET", "//1.0/networks", 404],
      ["GET", "/1.0/instances/%2e%2e/networks", 404],
      ["GET", "/1.0/containers", 403],
      ["GET", "/1.0/virtual-machines", 403],
    ] as const) {
      const answer = await network.send(undefined, method, path);
      assert.ok(
        [status, 400, 501].includes(answer.status) && answer.status !== 200,
        `${method} ${path}: ${answer.status}`,
      );
    }
    // Headers do not make anybody somebody.
    const headers = { "x-forwarded-for": "@", "x-lxd-authenticated": "true", authorization: "Basic cm9vdDo=" };
    assert.equal((await network.send(undefined, "GET", "/1.0/profiles", undefined, headers)).status, 403);
  }),
);

test("a page of somebody else in a trusted browser gets nothing", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const admin = makeIdentity();
    await listenAt(daemon);
    await trust(daemon, admin);
    await using network = await Network.to(daemon);
    const from = (site: string) => ({ "sec-fetch-site": site, origin: "https://evil.example" });
    for (const site of ["cross-site", "same-site", "what"]) {
      assert.equal((await network.send(admin, "POST", "/1.0/profiles", { name: "x" }, from(site))).status, 403);
      assert.equal(await network.upgrade(admin, "/1.0/events", from(site)), 403);
    }
    assert.equal(
      (await network.send(admin, "GET", "/1.0/profiles", undefined, { "sec-fetch-site": "none" })).status,
      200,
    );
    const odd = await network.upgrade(admin, "/1.0/events", { origin: "https://localhost:None" });
    assert.notEqual(odd, 403, "clients that are no browsers send odd origins");
    if (typeof odd !== "number") odd.terminate();
  }),
);
