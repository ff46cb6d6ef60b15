/** Routes of instances. */
import { isTrue } from "../../../sdk/api/config/values";
import { badRequest } from "../../../sdk/api/errors";
import { Instance, InstanceFull, InstancePut, type InstanceState, InstancesPost } from "../../../sdk/api/instance";
import type { Snapshot } from "../../../sdk/api/snapshot";
import { maySee, requireAccess } from "../../core/access";
import { patched } from "../../core/merge";
import { urlOf } from "../../core/ref";
import { type Filter, matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  inProjects,
  isOfAllProjects,
  type Reply,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { allProjects, answers, filter } from "../../http/says";
import type { RunningOperation } from "../../platform/operations";
import { planCreate, sourceOf } from "./create/create";
import { isRefresh } from "./create/refresh";
import { fileRoutes } from "./inside/file-routes";
import { logRoutes } from "./inside/log-routes";
import { metadataRoutes } from "./metadata/routes";
import { moveRoutes } from "./move-routes";
import { type InstanceId, type InstanceRecord, instanceRef } from "./record";
import { about, idOf } from "./request";
import type { InstanceService } from "./service";
import { stateRoutes } from "./state-routes";
import { writableInstance } from "./view";

const base = "/1.0/instances";
const one = `${base}/:name`;

/** What the routes of instances need of their snapshots. */
interface Snapshots {
  list(instance: InstanceId): Snapshot[];
  /** @throws ApiError NOT_FOUND */
  requireThere(instance: InstanceId, name: string): void;
  restore(instance: InstanceRecord, name: string): Promise<void>;
}

const createSays = {
  summary:
    "Makes an instance of an image, a template, another instance, a snapshot, one of another server, a backup or nothing.",
  headers: {
    name: "of a backup: name of the instance; that of the backup when absent",
    pool: "of a backup: storage pool; that of the backup, or of the default profile, when absent",
  },
  upload: { "application/octet-stream": "the file of a backup" },
  query: { "dry-run": "`true`: says whether it could be made, and makes nothing (`bothy_instance_dry_run`)" },
  body: InstancesPost,
  answer: [
    answers.operationWith("of a migration that waits: `control` and `fs`, the secrets of its websockets"),
    { ...answers.nothing, when: "with `dry-run`" },
  ],
} as const;

/** As LXD has it of backups. */
const nullIfNone = <T>(list: T[]): T[] | null => (list.length === 0 ? null : list);

/** @param importBackup makes an instance of a body that is no JSON */
export function instanceRoutes(
  instances: InstanceService,
  snapshots: Snapshots,
  importBackup: (request: ApiRequest) => Promise<Reply>,
): Route[] {
  const { home } = instances;
  const { book, changes, log } = home;
  const recordOf = (request: ApiRequest) => book.record(idOf(request));

  const etagOf = (request: ApiRequest, instance: InstanceId) => ({
    ifMatch: ifMatchOf(request),
    parts: () => writableInstance(book.record(instance)),
  });

  async function list(request: ApiRequest) {
    const clauses = parseFilter(request.query.get("filter"));
    const type = request.query.get("instance-type") || "container";
    if (type !== "container" && type !== "virtual-machine")
      throw badRequest(`Invalid instance type "${type}". Use container or virtual-machine.`);
    const isAll = isOfAllProjects(request);
    const isWanted = ({ project }: InstanceId) =>
      isAll ? maySee(request.call, project) : project === request.call.project;
    const records = type === "container" ? book.store.list().filter(isWanted) : [];
    const wanted = await matching(records, clauses);
    switch (recursionOf(request)) {
      case 0:
        return sync(wanted.map((record) => urlOf(instanceRef(record))));
      case 1:
        return sync(wanted.map((record) => instances.render(record)));
      default:
        return sync((await Promise.all(wanted.map(fullIfThere))).filter((one) => one !== undefined));
    }
  }

  /** What a filter asks of the state costs a look at each; the rest does not. */
  async function matching(records: readonly InstanceRecord[], clauses: Filter): Promise<InstanceRecord[]> {
    if (clauses.length === 0) return [...records];
    if (!clauses.some(({ field }) => field.startsWith("state.")))
      return records.filter((record) => matches(clauses, instances.render(record)));
    const seen = await Promise.all(records.map(async (record) => ({ record, full: await fullIfThere(record) })));
    return seen.flatMap(({ record, full: object }) =>
      object !== undefined && matches(clauses, object) ? [record] : [],
    );
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
    return {
      ...instances.render(record),
      state,
      snapshots: snapshots.list(record),
      backups: nullIfNone(home.backups.list(record)),
    };
  }

  async function get(request: ApiRequest) {
    const record = recordOf(request);
    const body = recursionOf(request) > 0 ? await full(record) : instances.render(record);
    return sync(body, writableInstance(record));
  }

  async function create(request: ApiRequest, post: InstancesPost) {
    const { project } = request.call;
    const id: InstanceId = { project, name: post.name || book.freeName(project) };
    const isCopy = post.source.type === "copy" && (post.source.source ?? "") !== "";
    const of = [id, ...(isCopy ? [sourceOf(id, post)] : [])].map(instanceRef);
    // What is wrong with the source tells of it, so that comes after.
    requireAccess(request.call, of);
    // The extension bothy_instance_dry_run: could it be made, once the one of its name were deleted?
    const { isDryRun } = request.call;
    const refreshes = isRefresh(home, id, post);
    if (!isDryRun && !refreshes) book.requireFree(id);
    const coming = post.source.type === "migration" ? home.migrations.receive(id, post) : undefined;
    const make = coming?.work ?? (await planCreate(home, request.call, id, post));
    if (isDryRun) return sync();
    const work = async (operation: RunningOperation) => {
      await make(operation);
      // One that cannot start is there all the same, as in LXD.
      if (post.start) await instances.lifecycle.start(book.record(id), request.call);
    };
    return asyncOp(
      changes.start(request.call, {
        of,
        content: refreshes ? [instanceRef(id)] : [],
        // Building or unpacking an image may take long.
        operation: {
          ...about(id, refreshes ? "Refreshing instance" : "Creating instance", !isCopy),
          ...coming?.operation,
        },
        told: { action: refreshes ? "instance-updated" : "instance-created", of: instanceRef(id) },
        work,
      }),
    );
  }

  function update(request: ApiRequest, put: InstancePut) {
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
    if (put.stateful) throw badRequest("Stateful snapshot restore requested by snapshot is stateless");
    const snapshot = put.restore?.split("/").at(-1) ?? "";
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(id)],
        content: [instanceRef(id)],
        etag: etagOf(request, id),
        check: () => snapshots.requireThere(id, snapshot),
        operation: about(id, "Restoring snapshot"),
        told: { action: "instance-restored", of: instanceRef(id) },
        work: () => snapshots.restore(book.record(id), snapshot),
      }),
    );
  }

  async function patch(request: ApiRequest, patch: Partial<InstancePut>) {
    if (patch.restore) throw badRequest("Can't call PATCH in restore mode: a snapshot is restored by PUT.");
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

  return inProjects([
    {
      access: "list",
      ...route(
        "GET",
        base,
        {
          summary: "Lists instances.",
          query: {
            recursion: "`1`: whole objects in place of their paths; `2`: with state and snapshots",
            ...filter,
            ...allProjects,
            "instance-type": "`container`; of `virtual-machine` there are none",
          },
          answer: answers.list(Instance, InstanceFull),
        },
        list,
      ),
    },
    route("POST", base, createSays, (request, post) =>
      post === undefined ? importBackup(request) : create(request, post),
    ),
    route(
      "GET",
      one,
      {
        summary: "Shows an instance.",
        query: { recursion: "`1`: with state and snapshots" },
        tagged: true,
        answer: [answers.one(Instance), { ...answers.one(InstanceFull), when: "with `recursion=1`" }],
      },
      get,
    ),
    route(
      "PUT",
      one,
      {
        summary: "Replaces the mutable part of an instance, or with `restore` brings a snapshot back.",
        body: InstancePut,
        tagged: true,
        answer: answers.operation,
      },
      update,
    ),
    route(
      "PATCH",
      one,
      {
        summary: "Changes some of the mutable part of an instance; unlike PUT it answers at its end.",
        patch: InstancePut,
        tagged: true,
        answer: answers.nothing,
      },
      patch,
    ),
    route(
      "DELETE",
      one,
      {
        summary: "Deletes a stopped instance with its snapshots.",
        query: { force: "`true`: a running one too, which is killed (`bothy_instance_force_delete`)" },
        answer: answers.operation,
      },
      remove,
    ),
    ...moveRoutes(home),
    ...stateRoutes(instances),
    ...fileRoutes(home),
    ...logRoutes(home),
    ...metadataRoutes(home),
  ]);
}
