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
import { patched } from "../../core/merge";
import { checkEtag } from "../../http/etag";
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
import type { RunningOperation } from "../../platform/operations";
import { timerMs } from "../../platform/time";
import { renameInstance } from "./change/rename";
import { planCreate } from "./create/create";
import { isRefresh } from "./create/refresh";
import { startExec } from "./inside/exec";
import { fileRoutes } from "./inside/file-routes";
import { logRoutes } from "./inside/log-routes";
import { waitForIpv4 } from "./inside/wait";
import type { InstanceRecord } from "./record";
import { writableInstance } from "./view";

const base = "/1.0/instances";

export const instanceRoutes: Route[] = [
  route("GET", base, listInstances),
  route("POST", base, createInstance),
  route("GET", `${base}/:name`, getInstance),
  route("PUT", `${base}/:name`, updateInstance),
  route("PATCH", `${base}/:name`, patchInstance),
  route("POST", `${base}/:name`, moveInstance),
  route("DELETE", `${base}/:name`, deleteInstance),
  route("GET", `${base}/:name/state`, getState),
  route("PUT", `${base}/:name/state`, setState),
  route("POST", `${base}/:name/exec`, execInstance),
  route("GET", `${base}/:name/wait`, waitInstance),
  ...fileRoutes,
  ...logRoutes,
];

const urlOf = (name: string) => `${base}/${name}`;
const lockOf = (name: string) => `instance/${name}`;

async function listInstances(request: ApiRequest) {
  const { instances } = request.context;
  const filter = parseFilter(request.query.get("filter"));
  const type = request.query.get("instance-type") || "container";
  if (type !== "container" && type !== "virtual-machine")
    throw badRequest(`Invalid instance type "${type}". Use container or virtual-machine.`);
  const records = type === "container" ? instances.store.list() : [];
  const wanted = records.filter((record) => filter.length === 0 || matches(filter, instances.render(record)));
  switch (recursionOf(request)) {
    case 0:
      return sync(wanted.map(({ name }) => urlOf(name)));
    case 1:
      return sync(wanted.map((record) => instances.render(record)));
    default:
      return sync(
        (await Promise.all(wanted.map((record) => fullIfThere(request, record)))).filter((one) => one !== undefined),
      );
  }
}

/** One that is deleted while the list is made is not in it; one whose state cannot be had is there without it. */
async function fullIfThere(request: ApiRequest, record: InstanceRecord): Promise<InstanceFull | undefined> {
  try {
    return await full(request, record);
  } catch (error) {
    const { instances, log } = request.context;
    if (instances.store.find(record.name) === undefined) return undefined;
    log.warning("Cannot get the state of an instance for a list", { instance: record.name, error });
    return fullOf(request, record, null);
  }
}

async function full(request: ApiRequest, record: InstanceRecord): Promise<InstanceFull> {
  return fullOf(request, record, await request.context.instances.state(record));
}

function fullOf(request: ApiRequest, record: InstanceRecord, state: InstanceState | null): InstanceFull {
  const { instances, snapshots } = request.context;
  return {
    ...instances.render(record),
    state,
    snapshots: snapshots.list(record.name),
    backups: null,
  };
}

const recordOf = (request: ApiRequest) => request.context.instances.record(param(request, "name"));

async function getInstance(request: ApiRequest) {
  const record = recordOf(request);
  const body = recursionOf(request) > 0 ? await full(request, record) : request.context.instances.render(record);
  return sync(body, writableInstance(record));
}

async function getState(request: ApiRequest) {
  return sync(await request.context.instances.state(recordOf(request)));
}

/** The extension bothy_instance_wait: answers when the condition holds. */
async function waitInstance(request: ApiRequest) {
  const condition = request.query.get("for") ?? "";
  if (condition !== "ipv4")
    throw badRequest(`Cannot wait for "${condition}": only addresses can be waited for. Use for=ipv4.`);
  const seconds = Number(request.query.get("timeout") ?? "60");
  if (!(seconds >= 0 && seconds <= 86400)) throw badRequest("The timeout must be a number of seconds from 0 to 86400.");
  return sync(await waitForIpv4(request.context, recordOf(request).name, seconds * 1000, request.signal));
}

/** Starts work on an instance in the background, under its lock unless told otherwise. */
function start(
  request: ApiRequest,
  name: string,
  description: string,
  run: (operation: RunningOperation) => Promise<unknown>,
  locked = true,
  mayCancel = false,
) {
  const { operations, locks } = request.context;
  const operation = operations.start({
    description,
    resources: { instances: [urlOf(name)], containers: [`/1.0/containers/${name}`] },
    mayCancel,
    run: (running) => (locked ? locks.run(lockOf(name), () => run(running)) : run(running)),
  });
  return asyncOp(operation);
}

const tell = (request: ApiRequest, action: string, name: string, context?: Record<string, unknown>) =>
  request.context.events.lifecycle({ action, source: urlOf(name), context, requestor: request.requestor });

async function createInstance(request: ApiRequest) {
  const post = parseBody(request, InstancesPost);
  const name = post.name || request.context.instances.freeName();
  // The extension bothy_instance_dry_run: could it be made, once the one of its name were deleted?
  const isDryRun = isTrue(request.query.get("dry-run") ?? "");
  const refreshes = isRefresh(request.context, name, post);
  if (!isDryRun && !refreshes) request.context.instances.requireFree(name);
  const work = await planCreate(request.context, name, post);
  if (isDryRun) return sync();
  const source = post.source.type === "copy" ? (post.source.source ?? "").split("/")[0] : undefined;
  const locks = [name, ...(source ? [source] : [])].map(lockOf);
  const run = async (operation: RunningOperation) => {
    await request.context.locks.runAll(locks, () => work(operation));
    tell(request, refreshes ? "instance-updated" : "instance-created", name);
  };
  // Building or unpacking an image may take long.
  return start(
    request,
    name,
    refreshes ? "Refreshing instance" : "Creating instance",
    run,
    false,
    source === undefined,
  );
}

function updateInstance(request: ApiRequest) {
  const put = parseBody(request, InstancePut);
  const { instances, snapshots } = request.context;
  const { name } = recordOf(request);
  if (put.restore) {
    if (put.stateful)
      throw badRequest('Cannot restore a stateful snapshot: checkpoints are not supported yet. Leave out "stateful".');
    const snapshot = put.restore.split("/").at(-1) ?? "";
    const check = () => checkEtag(ifMatchOf(request), writableInstance(instances.record(name)));
    check();
    snapshots.record(name, snapshot);
    return start(request, name, "Restoring snapshot", async () => {
      check();
      await snapshots.restore(instances.record(name), snapshot);
      tell(request, "instance-restored", name);
    });
  }
  checkEtag(ifMatchOf(request), writableInstance(recordOf(request)));
  return start(request, name, "Updating instance", async () => {
    const record = instances.record(name);
    checkEtag(ifMatchOf(request), writableInstance(record));
    await instances.update(record, put);
    tell(request, "instance-updated", name);
  });
}

async function patchInstance(request: ApiRequest) {
  const patch = parseBody(request, patchOf(InstancePut));
  if (patch.restore) throw badRequest("A snapshot is restored by PUT, not by PATCH.");
  const { instances, locks } = request.context;
  const { name } = recordOf(request);
  await locks.run(lockOf(name), async () => {
    const record = instances.record(name);
    checkEtag(ifMatchOf(request), writableInstance(record));
    const have = { ...record, profiles: [...record.profiles], stateful: false };
    await instances.update(record, patched<InstancePut>(have, patch));
  });
  tell(request, "instance-updated", name);
  return sync();
}

function moveInstance(request: ApiRequest) {
  const post = parseBody(request, InstancePost);
  if (post.migration === true)
    throw badRequest("Cannot migrate an instance: migration is not supported yet. Copy it instead.");
  for (const move of ["pool", "project", "target"] as const)
    if (post[move])
      throw badRequest(`Cannot move an instance: "${move}" is not supported yet. Copy the instance instead.`);
  const { instances, locks } = request.context;
  const { name } = recordOf(request);
  instances.requireFree(post.name);
  const rename = async () => {
    await renameInstance(request.context, instances.record(name), post.name);
    tell(request, "instance-renamed", post.name, { old_name: name });
  };
  return start(
    request,
    name,
    "Renaming instance",
    () => locks.runAll([lockOf(name), lockOf(post.name)], rename),
    false,
  );
}

function deleteInstance(request: ApiRequest) {
  const { instances } = request.context;
  const record = recordOf(request);
  const { name } = record;
  const force = isTrue(request.query.get("force") ?? "");
  instances.requireDeletable(record, force);
  return start(request, name, "Deleting instance", () =>
    instances.delete(instances.record(name), force, request.requestor),
  );
}

const stateDescriptions = {
  start: "Starting instance",
  stop: "Stopping instance",
  restart: "Restarting instance",
  freeze: "Freezing instance",
  unfreeze: "Unfreezing instance",
} as const;

function setState(request: ApiRequest) {
  const put = parseBody(request, InstanceStatePut);
  if (put.stateful)
    throw badRequest(
      'Cannot keep the state of a running instance: checkpoints are not supported yet. Leave out "stateful".',
    );
  const { instances } = request.context;
  const { name } = recordOf(request);
  const { lifecycle } = instances;
  // No patience at all is force, as in LXD.
  const force = put.force || put.timeout === 0;
  // A clean stop waits without the lock, so that a forced one can overtake it.
  const waits = !force && (put.action === "stop" || put.action === "restart");
  const timeoutMs = put.timeout < 0 ? -1 : timerMs(put.timeout);
  return start(
    request,
    name,
    stateDescriptions[put.action],
    async () => {
      switch (put.action) {
        case "start":
          return lifecycle.start(instances.record(name), request.requestor);
        case "stop":
          return force ? lifecycle.kill(name, request.requestor) : lifecycle.stop(name, timeoutMs, request.requestor);
        case "restart":
          return instances.restart(name, force, timeoutMs, request.requestor);
        case "freeze":
          return lifecycle.setFrozen(name, true, request.requestor);
        case "unfreeze":
          return lifecycle.setFrozen(name, false, request.requestor);
      }
    },
    !waits,
  );
}

function execInstance(request: ApiRequest) {
  const post = parseBody(request, InstanceExecPost);
  const operation = startExec(request.context, recordOf(request), post);
  tell(request, "instance-exec", param(request, "name"));
  return asyncOp(operation);
}
