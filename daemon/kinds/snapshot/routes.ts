/** Routes of snapshots. */
import { badRequest } from "../../../sdk/api/errors";
import { SnapshotPost, SnapshotPut, SnapshotsPost } from "../../../sdk/api/snapshot";
import { checkEtag } from "../../http/etag";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  param,
  parseBody,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";

const base = "/1.0/instances/:instance/snapshots";

export const snapshotRoutes: Route[] = [
  route("GET", base, listSnapshots),
  route("POST", base, createSnapshot),
  route("GET", `${base}/:name`, getSnapshot),
  route("PUT", `${base}/:name`, updateSnapshot),
  route("PATCH", `${base}/:name`, patchSnapshot),
  route("POST", `${base}/:name`, renameSnapshot),
  route("DELETE", `${base}/:name`, deleteSnapshot),
];

const urlOf = (instance: string, name: string) => `/1.0/instances/${instance}/snapshots/${encodeURIComponent(name)}`;

function listSnapshots(request: ApiRequest) {
  const instance = param(request, "instance");
  const snapshots = request.context.snapshots.list(instance);
  return sync(recursionOf(request) === 0 ? snapshots.map(({ name }) => urlOf(instance, name)) : snapshots);
}

function getSnapshot(request: ApiRequest) {
  const snapshot = request.context.snapshots.get(param(request, "instance"), param(request, "name"));
  return sync(snapshot, snapshot.expires_at);
}

function createSnapshot(request: ApiRequest) {
  const post = parseBody(request, SnapshotsPost);
  const { instances, snapshots } = request.context;
  const instance = param(request, "instance");
  const record = instances.record(instance);
  const name = post.name || snapshots.freeName(record);
  snapshots.requirePossible(instance, { ...post, name });
  return start(request, name, "Snapshotting instance", "instance-snapshot-created", () =>
    snapshots.create(instances.record(instance), name, post),
  );
}

function updateSnapshot(request: ApiRequest) {
  return change(request, parseBody(request, SnapshotPut));
}

/** An expiry that is not given stays. */
function patchSnapshot(request: ApiRequest) {
  const patch = parseBody(request, SnapshotPut);
  const { snapshots } = request.context;
  const have = snapshots.get(param(request, "instance"), param(request, "name"));
  return change(request, { ...patch, expires_at: patch.expires_at ?? have.expires_at });
}

function change(request: ApiRequest, { expires_at: expiresAt, config }: SnapshotPut) {
  const { snapshots } = request.context;
  const instance = param(request, "instance");
  const name = param(request, "name");
  checkEtag(ifMatchOf(request), snapshots.get(instance, name).expires_at);
  return start(request, name, "Updating snapshot", "instance-snapshot-updated", async () =>
    request.context.database.transaction(() => {
      snapshots.setExpiry(instance, name, expiresAt);
      if (config !== undefined) snapshots.setStamp(instance, name, config);
    }),
  );
}

function renameSnapshot(request: ApiRequest) {
  const { name: to, migration } = parseBody(request, SnapshotPost);
  if (migration === true)
    throw badRequest("Cannot migrate a snapshot: migration is not supported yet. Copy it instead.");
  const { instances, snapshots } = request.context;
  const instance = param(request, "instance");
  const from = param(request, "name");
  snapshots.record(instance, from);
  snapshots.requireFree(instance, to);
  const rename = () => snapshots.rename(instances.record(instance), from, to);
  return start(request, to, "Renaming snapshot", "instance-snapshot-renamed", rename, { old_name: from });
}

function deleteSnapshot(request: ApiRequest) {
  const { instances, snapshots } = request.context;
  const instance = param(request, "instance");
  const name = param(request, "name");
  snapshots.record(instance, name);
  return start(request, name, "Deleting snapshot", "instance-snapshot-deleted", () =>
    snapshots.delete(instances.record(instance), name),
  );
}

/** Starts work on a snapshot under its instance's lock. */
function start(
  request: ApiRequest,
  name: string,
  description: string,
  action: string,
  work: () => Promise<void>,
  context?: Record<string, unknown>,
) {
  const { operations, locks, events } = request.context;
  const instance = param(request, "instance");
  const path = `/1.0/instances/${instance}`;
  const operation = operations.start({
    description,
    resources: {
      instances: [path],
      containers: [path.replace("instances", "containers")],
      instances_snapshots: [urlOf(instance, name)],
    },
    run: async () => {
      await locks.run(`instance/${instance}`, work);
      events.lifecycle({ action, source: urlOf(instance, name), context, requestor: request.requestor });
    },
  });
  return asyncOp(operation);
}
