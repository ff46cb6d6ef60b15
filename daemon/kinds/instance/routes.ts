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
import { type Ref, ref, urlOf } from "../../core/ref";
import { matches, parseFilter } from "../../http/filter";
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
import { timerMs } from "../../platform/time";
import { renameInstance } from "./change/rename";
import { planCreate } from "./create/create";
import { isRefresh } from "./create/refresh";
import { startExec } from "./inside/exec";
import { fileRoutes } from "./inside/file-routes";
import { logRoutes } from "./inside/log-routes";
import { waitForIpv4 } from "./inside/wait";
import type { InstanceRecord } from "./record";
import type { InstanceService } from "./service";
import { writableInstance } from "./view";

const base = "/1.0/instances";
const instanceRef = (name: string) => ref("instance", name);

/** What the routes of instances need of their snapshots. */
interface Snapshots {
  list(instance: string): Snapshot[];
  /** @throws ApiError NOT_FOUND */
  requireThere(instance: string, name: string): void;
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
  const recordOf = (request: ApiRequest) => book.record(param(request, "name"));

  /** What an operation on an instance says of itself. */
  const about = (name: string, description: string, mayCancel = false) => ({
    description,
    resources: { instances: [urlOf(instanceRef(name))], containers: [`/1.0/containers/${name}`] },
    mayCancel,
  });
  const etagOf = (request: ApiRequest, name: string) => ({
    ifMatch: ifMatchOf(request),
    parts: () => writableInstance(book.record(name)),
  });

  async function list(request: ApiRequest) {
    const filter = parseFilter(request.query.get("filter"));
    const type = request.query.get("instance-type") || "container";
    if (type !== "container" && type !== "virtual-machine")
      throw badRequest(`Invalid instance type "${type}". Use container or virtual-machine.`);
    const records = type === "container" ? book.store.list() : [];
    const wanted = records.filter((record) => filter.length === 0 || matches(filter, instances.render(record)));
    switch (recursionOf(request)) {
      case 0:
        return sync(wanted.map(({ name }) => urlOf(instanceRef(name))));
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
      if (book.find(record.name) === undefined) return undefined;
      log.warning("Cannot get the state of an instance for a list", { instance: record.name, error });
      return fullOf(record, null);
    }
  }

  async function full(record: InstanceRecord): Promise<InstanceFull> {
    return fullOf(record, await instances.state(record));
  }

  function fullOf(record: InstanceRecord, state: InstanceState | null): InstanceFull {
    return { ...instances.render(record), state, snapshots: snapshots.list(record.name), backups: null };
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
    return sync(await waitForIpv4(instances, recordOf(request).name, seconds * 1000, request.call.signal));
  }

  async function create(request: ApiRequest) {
    const post = parseBody(request, InstancesPost);
    const name = post.name || book.freeName();
    // The extension bothy_instance_dry_run: could it be made, once the one of its name were deleted?
    const isDryRun = isTrue(request.query.get("dry-run") ?? "");
    const refreshes = isRefresh(home, name, post);
    if (!isDryRun && !refreshes) book.requireFree(name);
    const work = await planCreate(home, name, post);
    if (isDryRun) return sync();
    const source = post.source.type === "copy" ? (post.source.source ?? "").split("/")[0] : undefined;
    return asyncOp(
      changes.start(request.call, {
        of: [name, ...(source ? [source] : [])].map(instanceRef),
        // Building or unpacking an image may take long.
        operation: about(name, refreshes ? "Refreshing instance" : "Creating instance", source === undefined),
        told: { action: refreshes ? "instance-updated" : "instance-created", of: instanceRef(name) },
        work,
      }),
    );
  }

  function update(request: ApiRequest) {
    const put = parseBody(request, InstancePut);
    const { name } = recordOf(request);
    if (put.restore) return restore(request, name, put);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(name)],
        etag: etagOf(request, name),
        operation: about(name, "Updating instance"),
        told: { action: "instance-updated", of: instanceRef(name) },
        work: () => instances.update(book.record(name), put),
      }),
    );
  }

  function restore(request: ApiRequest, name: string, put: InstancePut) {
    if (put.stateful)
      throw badRequest('Cannot restore a stateful snapshot: checkpoints are not supported yet. Leave out "stateful".');
    const snapshot = put.restore?.split("/").at(-1) ?? "";
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(name)],
        etag: etagOf(request, name),
        check: () => snapshots.requireThere(name, snapshot),
        operation: about(name, "Restoring snapshot"),
        told: { action: "instance-restored", of: instanceRef(name) },
        work: () => snapshots.restore(book.record(name), snapshot),
      }),
    );
  }

  async function patch(request: ApiRequest) {
    const patch = parseBody(request, patchOf(InstancePut));
    if (patch.restore) throw badRequest("A snapshot is restored by PUT, not by PATCH.");
    const { name } = recordOf(request);
    await changes.run(request.call, {
      of: [instanceRef(name)],
      etag: etagOf(request, name),
      told: { action: "instance-updated", of: instanceRef(name) },
      work: () => {
        const record = book.record(name);
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
    const { name } = recordOf(request);
    book.requireFree(post.name);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(name), instanceRef(post.name)],
        operation: about(name, "Renaming instance"),
        told: { action: "instance-renamed", of: instanceRef(post.name), context: { old_name: name } },
        work: () => renameInstance(home, book.record(name), post.name),
      }),
    );
  }

  function remove(request: ApiRequest) {
    const record = recordOf(request);
    const { name } = record;
    const force = isTrue(request.query.get("force") ?? "");
    instances.requireDeletable(record, force);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(name)],
        operation: about(name, "Deleting instance"),
        work: () => instances.delete(request.call, book.record(name), force),
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
    const { name } = recordOf(request);
    const of: Ref[] = [instanceRef(name)];
    // No patience at all is force, as in LXD.
    const isForced = put.force || put.timeout === 0;
    // A clean stop waits without the lock, so that a forced one can overtake it.
    const waits = !isForced && (put.action === "stop" || put.action === "restart");
    const timeoutMs = put.timeout < 0 ? -1 : timerMs(put.timeout);
    const work = async () => {
      switch (put.action) {
        case "start":
          return lifecycle.start(book.record(name), call);
        case "stop":
          return isForced ? lifecycle.kill(name, call) : lifecycle.stop(name, timeoutMs, call);
        case "restart":
          return instances.restart(call, name, { isForced, timeoutMs }, (locked) =>
            changes.run(call, { of, work: locked }),
          );
        case "freeze":
          return lifecycle.setFrozen(name, true, call);
        case "unfreeze":
          return lifecycle.setFrozen(name, false, call);
      }
    };
    return asyncOp(
      changes.start(call, { of, unlocked: waits, operation: about(name, stateDescriptions[put.action]), work }),
    );
  }

  function exec(request: ApiRequest) {
    const post = parseBody(request, InstanceExecPost);
    const record = recordOf(request);
    const operation = startExec(home, request.call, record, post);
    changes.tell(request.call, { action: "instance-exec", of: instanceRef(record.name) });
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
