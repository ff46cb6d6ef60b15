/** Routes of instances. */
import { isTrue } from "../../../sdk/api/config/values";
import { badRequest } from "../../../sdk/api/errors";
import {
  InstanceExecPost,
  type InstanceFull,
  InstancePost,
  InstancePut,
  type InstanceState,
  InstanceStatePut,
  InstancesPost,
} from "../../../sdk/api/instance";
import { patchOf } from "../../../sdk/api/patch";
import type { Snapshot } from "../../../sdk/api/snapshot";
import { patched } from "../../core/merge";
import { type Ref, urlOf } from "../../core/ref";
import { matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  isOfAllProjects,
  parseBody,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { timerMs } from "../../platform/time";
import { renameInstance } from "./change/rename";
import { planCreate, sourceOf } from "./create/create";
import { isRefresh } from "./create/refresh";
import { startExec } from "./inside/exec";
import { fileRoutes } from "./inside/file-routes";
import { logRoutes } from "./inside/log-routes";
import { waitForIpv4 } from "./inside/wait";
import { type InstanceId, type InstanceRecord, instanceRef } from "./record";
import { idOf } from "./request";
import type { InstanceService } from "./service";
import { writableInstance } from "./view";

const base = "/1.0/instances";

/** What the routes of instances need of their snapshots. */
interface Snapshots {
  list(instance: InstanceId): Snapshot[];
  /** @throws ApiError NOT_FOUND */
  requireThere(instance: InstanceId, name: string): void;
  restore(instance: InstanceRecord, name: string): Promise<void>;
}

const stateDescriptions = {
  start: "Starting instance",
  stop: "Stopping instance",
  restart: "Restarting instance",
  freeze: "Freezing instance",
  unfreeze: "Unfreezing instance",
} as const;

export function instanceRoutes(instances: InstanceService, snapshots: Snapshots): Route[] {
  const { home, lifecycle } = instances;
  const { book, changes, log } = home;
  const recordOf = (request: ApiRequest) => book.record(idOf(request));

  /** What an operation on an instance says of itself. */
  const about = (instance: InstanceId, description: string, mayCancel = false) => ({
    description,
    resources: {
      instances: [urlOf(instanceRef(instance))],
      containers: [urlOf(instanceRef(instance)).replace("instances", "containers")],
    },
    mayCancel,
  });
  const etagOf = (request: ApiRequest, instance: InstanceId) => ({
    ifMatch: ifMatchOf(request),
    parts: () => writableInstance(book.record(instance)),
  });

  async function list(request: ApiRequest) {
    const filter = parseFilter(request.query.get("filter"));
    const type = request.query.get("instance-type") || "container";
    if (type !== "container" && type !== "virtual-machine")
      throw badRequest(`Invalid instance type "${type}". Use container or virtual-machine.`);
    const isAll = isOfAllProjects(request);
    const isWanted = ({ project }: InstanceId) => isAll || project === request.call.project;
    const records = type === "container" ? book.store.list().filter(isWanted) : [];
    const wanted = records.filter((record) => filter.length === 0 || matches(filter, instances.render(record)));
    switch (recursionOf(request)) {
      case 0:
        return sync(wanted.map((record) => urlOf(instanceRef(record))));
      case 1:
        return sync(wanted.map((record) => instances.render(record)));
      default:
        return sync((await Promise.all(wanted.map(fullIfThere))).filter((one) => one !== undefined));
    }
  }

  /** One that is deleted while the list is made is not in it; one whose state cannot be had is there without it. */
  async function fullIfThere(record: InstanceRecord): Promise<InstanceFull | undefined> {
    try {
      return await full(record);
    } catch (error) {
      if (book.find(record) === undefined) return undefined;
      log.warning("Cannot get the state of an instance for a list", { instance: record.name, error });
      return fullOf(record, null);
    }
  }

  async function full(record: InstanceRecord): Promise<InstanceFull> {
    return fullOf(record, await instances.state(record));
  }

  function fullOf(record: InstanceRecord, state: InstanceState | null): InstanceFull {
    return { ...instances.render(record), state, snapshots: snapshots.list(record), backups: null };
  }

  async function get(request: ApiRequest) {
    const record = recordOf(request);
    const body = recursionOf(request) > 0 ? await full(record) : instances.render(record);
    return sync(body, writableInstance(record));
  }

  async function getState(request: ApiRequest) {
    return sync(await instances.state(recordOf(request)));
  }

  /** The extension bothy_instance_wait: answers when the condition holds. */
  async function wait(request: ApiRequest) {
    const condition = request.query.get("for") ?? "";
    if (condition !== "ipv4")
      throw badRequest(`Cannot wait for "${condition}": only addresses can be waited for. Use for=ipv4.`);
    const seconds = Number(request.query.get("timeout") ?? "60");
    if (!(seconds >= 0 && seconds <= 86400))
      throw badRequest("The timeout must be a number of seconds from 0 to 86400.");
    return sync(await waitForIpv4(instances, recordOf(request), seconds * 1000, request.call.signal));
  }

  async function create(request: ApiRequest) {
    const post = parseBody(request, InstancesPost);
    const { project } = request.call;
    const id: InstanceId = { project, name: post.name || book.freeName(project) };
    // The extension bothy_instance_dry_run: could it be made, once the one of its name were deleted?
    const isDryRun = isTrue(request.query.get("dry-run") ?? "");
    const refreshes = isRefresh(home, id, post);
    if (!isDryRun && !refreshes) book.requireFree(id);
    const work = await planCreate(home, id, post);
    if (isDryRun) return sync();
    const isCopy = post.source.type === "copy" && (post.source.source ?? "") !== "";
    return asyncOp(
      changes.start(request.call, {
        of: [id, ...(isCopy ? [sourceOf(id, post)] : [])].map(instanceRef),
        // Building or unpacking an image may take long.
        operation: about(id, refreshes ? "Refreshing instance" : "Creating instance", !isCopy),
        told: { action: refreshes ? "instance-updated" : "instance-created", of: instanceRef(id) },
        work,
      }),
    );
  }

  function update(request: ApiRequest) {
    const put = parseBody(request, InstancePut);
    const id = recordOf(request);
    if (put.restore) return restore(request, id, put);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(id)],
        etag: etagOf(request, id),
        operation: about(id, "Updating instance"),
        told: { action: "instance-updated", of: instanceRef(id) },
        work: () => instances.update(book.record(id), put),
      }),
    );
  }

  function restore(request: ApiRequest, id: InstanceId, put: InstancePut) {
    if (put.stateful)
      throw badRequest('Cannot restore a stateful snapshot: checkpoints are not supported yet. Leave out "stateful".');
    const snapshot = put.restore?.split("/").at(-1) ?? "";
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(id)],
        etag: etagOf(request, id),
        check: () => snapshots.requireThere(id, snapshot),
        operation: about(id, "Restoring snapshot"),
        told: { action: "instance-restored", of: instanceRef(id) },
        work: () => snapshots.restore(book.record(id), snapshot),
      }),
    );
  }

  async function patch(request: ApiRequest) {
    const patch = parseBody(request, patchOf(InstancePut));
    if (patch.restore) throw badRequest("A snapshot is restored by PUT, not by PATCH.");
    const id = recordOf(request);
    await changes.run(request.call, {
      of: [instanceRef(id)],
      etag: etagOf(request, id),
      told: { action: "instance-updated", of: instanceRef(id) },
      work: () => {
        const record = book.record(id);
        const have = { ...record, profiles: [...record.profiles], stateful: false };
        return instances.update(record, patched<InstancePut>(have, patch));
      },
    });
    return sync();
  }

  function move(request: ApiRequest) {
    const post = parseBody(request, InstancePost);
    if (post.migration === true)
      throw badRequest("Cannot migrate an instance: migration is not supported yet. Copy it instead.");
    for (const what of ["pool", "project", "target"] as const)
      if (post[what])
        throw badRequest(`Cannot move an instance: "${what}" is not supported yet. Copy the instance instead.`);
    const id = recordOf(request);
    const to: InstanceId = { project: id.project, name: post.name };
    book.requireFree(to);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(id), instanceRef(to)],
        operation: about(id, "Renaming instance"),
        told: { action: "instance-renamed", of: instanceRef(to), context: { old_name: id.name } },
        work: () => renameInstance(home, book.record(id), post.name),
      }),
    );
  }

  function remove(request: ApiRequest) {
    const record = recordOf(request);
    const id: InstanceId = record;
    const force = isTrue(request.query.get("force") ?? "");
    instances.requireDeletable(record, force);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(id)],
        operation: about(id, "Deleting instance"),
        work: () => instances.delete(request.call, book.record(id), force),
      }),
    );
  }

  function setState(request: ApiRequest) {
    const put = parseBody(request, InstanceStatePut);
    if (put.stateful)
      throw badRequest(
        'Cannot keep the state of a running instance: checkpoints are not supported yet. Leave out "stateful".',
      );
    const { call } = request;
    const id = recordOf(request);
    const of: Ref[] = [instanceRef(id)];
    // No patience at all is force, as in LXD.
    const isForced = put.force || put.timeout === 0;
    // A clean stop waits without the lock, so that a forced one can overtake it.
    const waits = !isForced && (put.action === "stop" || put.action === "restart");
    const timeoutMs = put.timeout < 0 ? -1 : timerMs(put.timeout);
    const work = async () => {
      switch (put.action) {
        case "start":
          return lifecycle.start(book.record(id), call);
        case "stop":
          return isForced ? lifecycle.kill(id, call) : lifecycle.stop(id, timeoutMs, call);
        case "restart":
          return instances.restart(call, id, { isForced, timeoutMs }, (locked) =>
            changes.run(call, { of, work: locked }),
          );
        case "freeze":
          return lifecycle.setFrozen(id, true, call);
        case "unfreeze":
          return lifecycle.setFrozen(id, false, call);
      }
    };
    return asyncOp(
      changes.start(call, { of, unlocked: waits, operation: about(id, stateDescriptions[put.action]), work }),
    );
  }

  function exec(request: ApiRequest) {
    const post = parseBody(request, InstanceExecPost);
    const record = recordOf(request);
    const operation = startExec(home, request.call, record, post);
    changes.tell(request.call, { action: "instance-exec", of: instanceRef(record) });
    return asyncOp(operation);
  }

  return [
    route("GET", base, list),
    route("POST", base, create),
    route("GET", `${base}/:name`, get),
    route("PUT", `${base}/:name`, update),
    route("PATCH", `${base}/:name`, patch),
    route("POST", `${base}/:name`, move),
    route("DELETE", `${base}/:name`, remove),
    route("GET", `${base}/:name/state`, getState),
    route("PUT", `${base}/:name/state`, setState),
    route("POST", `${base}/:name/exec`, exec),
    route("GET", `${base}/:name/wait`, wait),
    ...fileRoutes(home),
    ...logRoutes(home),
  ];
}
