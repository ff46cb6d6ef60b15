/** Routes by which an instance gets another name, pool, project or root. */
import { badRequest } from "../../../sdk/api/errors";
import { InstancePost, InstanceRebuildPost } from "../../../sdk/api/instance";
import { requireAccess } from "../../core/access";
import { type ApiRequest, asyncOp, type Route, route } from "../../http/route";
import { answers } from "../../http/says";
import { renameInstance, requireMovable } from "./change/rename";
import { planRebuild } from "./create/rebuild";
import type { InstanceHome, Sending } from "./home";
import { moveToPool, planPoolMove } from "./moves/pool-move";
import { type InstanceId, instanceRef } from "./record";
import { about, idOf } from "./request";

const one = "/1.0/instances/:name";

const sendingOf = ({ live, instance_only: isAlone, container_only: isAloneToo, target }: InstancePost): Sending => ({
  live: live === true,
  withSnapshots: !(isAlone || isAloneToo),
  target: typeof target === "object" ? (target ?? undefined) : undefined,
});

export function moveRoutes(home: InstanceHome): Route[] {
  const { book, changes } = home;
  const recordOf = (request: ApiRequest) => book.record(idOf(request));

  function move(request: ApiRequest, post: InstancePost) {
    const { call } = request;
    const id = recordOf(request);
    const elsewhere = (post.pool ?? "") !== "" || (post.project ?? "") !== "";
    if (typeof post.target === "string" && post.target !== "")
      throw badRequest('Cannot move an instance: there is no cluster. Leave out "target".');
    if (post.migration === true && !elsewhere) return asyncOp(home.migrations.send(call, id, sendingOf(post)));
    if (post.name === "" && !elsewhere) throw badRequest("Invalid request: name: must not be empty. Give a new name.");
    const to: InstanceId = { project: post.project || id.project, name: post.name || id.name };
    const isRenamed = to.name !== id.name || to.project !== id.project;
    requireAccess(call, [instanceRef(to)]);
    if (post.pool) planPoolMove(home, id, post.pool);
    if (isRenamed) {
      book.requireNewName(to);
      // The pool is not that of now by then.
      if (!post.pool) requireMovable(home, id, to);
    } else if (!post.pool) book.requireNewName(to);
    return asyncOp(
      changes.start(call, {
        of: [instanceRef(id), ...(isRenamed ? [instanceRef(to)] : [])],
        content: [instanceRef(id)],
        operation: about(id, elsewhere ? "Moving instance" : "Renaming instance"),
        told: isRenamed
          ? { action: "instance-renamed", of: instanceRef(to), context: { old_name: id.name } }
          : { action: "instance-updated", of: instanceRef(id) },
        work: async () => {
          if (post.pool) await moveToPool(home, book.record(id), post.pool);
          if (isRenamed) await renameInstance(home, book.record(id), to);
          // They went along, so that nothing is lost of a move that fails.
          if (elsewhere && !sendingOf(post).withSnapshots)
            for (const name of home.snapshots.names(to)) await home.snapshots.delete(book.record(to), name);
        },
      }),
    );
  }

  async function rebuild(request: ApiRequest, post: InstanceRebuildPost) {
    const record = recordOf(request);
    const work = await planRebuild(home, request.call, record, post);
    return asyncOp(
      changes.start(request.call, {
        of: [instanceRef(record)],
        content: [instanceRef(record)],
        operation: about(record, "Rebuilding instance", true),
        told: { action: "instance-rebuilt", of: instanceRef(record) },
        work,
      }),
    );
  }

  return [
    route(
      "POST",
      one,
      {
        summary:
          "Renames a stopped instance, moves it to another storage pool or project, or sends it to another server.",
        body: InstancePost,
        answer: answers.operationWith("of a migration that waits: `control` and `fs`, the secrets of its websockets"),
      },
      move,
    ),
    route(
      "POST",
      `${one}/rebuild`,
      {
        summary: "Gives a stopped instance a new root, of an image or an empty one. Its settings stay.",
        body: InstanceRebuildPost,
        answer: answers.operation,
      },
      rebuild,
    ),
  ];
}
