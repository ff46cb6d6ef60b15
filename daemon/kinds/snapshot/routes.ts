/** Routes of snapshots. */
import { badRequest } from "../../../sdk/api/errors";
import { Snapshot, SnapshotPost, SnapshotPut, SnapshotsPost } from "../../../sdk/api/snapshot";
import { snapshotRef, urlOf } from "../../core/ref";
import { dryRun } from "../../http/dry-run";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  inProjects,
  param,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { answers, recursion } from "../../http/says";
import { type InstanceId, instanceRef } from "../instance/record";
import { idOf } from "../instance/request";
import type { SnapshotHome } from "./home";
import type { SnapshotService } from "./service";

const base = "/1.0/instances/:instance/snapshots";
const one = `${base}/:name`;
const instanceOf = (request: ApiRequest) => idOf(request, "instance");
const refOf = ({ project, name: instance }: InstanceId, name: string) => snapshotRef(instance, name, project);
const nameOf = (request: ApiRequest) => param(request, "name");

export function snapshotRoutes(snapshots: SnapshotService, { changes, instances }: SnapshotHome): Route[] {
  const { book } = instances.home;

  /** Starts work on a snapshot, which changes with its instance. */
  function start(
    request: ApiRequest,
    name: string,
    [description, action]: readonly [description: string, action: string],
    work: () => Promise<void> | void,
    more: { readonly old?: string; readonly etag?: () => unknown; readonly takesAway?: boolean } = {},
  ) {
    const instance = instanceOf(request);
    const of = refOf(instance, name);
    return asyncOp(
      changes.start(request.call, {
        of: [of],
        content: more.takesAway ? [instanceRef(instance)] : [],
        operation: {
          description,
          resources: {
            instances: [urlOf(instanceRef(instance))],
            containers: [urlOf(instanceRef(instance)).replace("instances", "containers")],
            instances_snapshots: [urlOf(of)],
          },
        },
        ...(more.etag === undefined ? {} : { etag: { ifMatch: ifMatchOf(request), parts: more.etag } }),
        told: { action, of, ...(more.old === undefined ? {} : { context: { old_name: more.old } }) },
        work,
      }),
    );
  }

  function list(request: ApiRequest) {
    const instance = instanceOf(request);
    const found = snapshots.list(instance);
    return sync(recursionOf(request) === 0 ? found.map(({ name }) => urlOf(refOf(instance, name))) : found);
  }

  function get(request: ApiRequest) {
    const snapshot = snapshots.get(instanceOf(request), nameOf(request));
    return sync(snapshot, snapshot.expires_at);
  }

  function create(request: ApiRequest, post: SnapshotsPost) {
    const instance = instanceOf(request);
    const record = book.record(instance);
    const name = post.name || snapshots.freeName(record);
    snapshots.requirePossible(instance, { ...post, name });
    if (request.call.isDryRun) return sync();
    return start(request, name, ["Snapshotting instance", "instance-snapshot-created"], () =>
      snapshots.create(book.record(instance), name, post),
    );
  }

  /** An expiry that is not given stays. */
  function patch(request: ApiRequest, patch: SnapshotPut) {
    const have = snapshots.get(instanceOf(request), nameOf(request));
    return change(request, { ...patch, expires_at: patch.expires_at ?? have.expires_at });
  }

  function change(request: ApiRequest, put: SnapshotPut) {
    const instance = instanceOf(request);
    const name = nameOf(request);
    return start(
      request,
      name,
      ["Updating snapshot", "instance-snapshot-updated"],
      () => snapshots.update(instance, name, put),
      { etag: () => snapshots.get(instance, name).expires_at },
    );
  }

  function rename(request: ApiRequest, { name: to, migration, live = false, target }: SnapshotPost) {
    const instance = instanceOf(request);
    const from = nameOf(request);
    snapshots.requireThere(instance, from);
    if (migration === true) {
      const sending = { live, withSnapshots: false, snapshot: from, target: target ?? undefined };
      return asyncOp(instances.home.migrations.send(request.call, instance, sending));
    }
    if (to === "") throw badRequest('Cannot rename a snapshot: it needs a new "name".');
    snapshots.requireFree(instance, to);
    return start(
      request,
      to,
      ["Renaming snapshot", "instance-snapshot-renamed"],
      () => snapshots.rename(book.record(instance), from, to),
      { old: from, takesAway: true },
    );
  }

  function remove(request: ApiRequest) {
    const instance = instanceOf(request);
    const name = nameOf(request);
    snapshots.requireThere(instance, name);
    return start(
      request,
      name,
      ["Deleting snapshot", "instance-snapshot-deleted"],
      () => snapshots.delete(book.record(instance), name),
      { takesAway: true },
    );
  }

  return inProjects([
    route(
      "GET",
      base,
      { summary: "Lists the snapshots of an instance.", query: recursion, answer: answers.list(Snapshot) },
      list,
    ),
    route(
      "POST",
      base,
      {
        summary: "Takes a snapshot of an instance.",
        query: dryRun.query,
        body: SnapshotsPost,
        answer: [answers.operation, dryRun.answer],
      },
      create,
    ),
    route("GET", one, { summary: "Shows a snapshot.", tagged: true, answer: answers.one(Snapshot) }, get),
    route(
      "PUT",
      one,
      { summary: "Says anew when a snapshot expires.", body: SnapshotPut, tagged: true, answer: answers.operation },
      change,
    ),
    route(
      "PATCH",
      one,
      {
        summary: "Changes when a snapshot expires; what is not given stays.",
        body: SnapshotPut,
        tagged: true,
        answer: answers.operation,
      },
      patch,
    ),
    route(
      "POST",
      one,
      {
        summary: "Renames a snapshot, or sends it to another server as an instance.",
        body: SnapshotPost,
        answer: answers.operationWith("of a migration that waits: `control` and `fs`, the secrets of its websockets"),
      },
      rename,
    ),
    route("DELETE", one, { summary: "Deletes a snapshot.", answer: answers.operation }, remove),
  ]);
}
