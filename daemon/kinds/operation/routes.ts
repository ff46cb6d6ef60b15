/** Routes of operations (docs/lxd-api.md, Operations and events). */
import { isTrue } from "../../../sdk/api/config/values";
import { badRequest } from "../../../sdk/api/errors";
import { InstanceExecControl } from "../../../sdk/api/instance";
import { Operation, OperationsByStatus } from "../../../sdk/api/operation";
import {
  type ApiRequest,
  ofServer,
  param,
  type Route,
  recursionOf,
  route,
  sync,
  type UpgradeRoute,
} from "../../http/route";
import { answers, recursion } from "../../http/says";
import type { Operations } from "../../platform/operations";
import { timerMs } from "../../platform/time";

const base = "/1.0/operations";

export function operationRoutes(operations: Operations): Route[] {
  const of = (request: ApiRequest) => operations.get(param(request, "id"));

  function list(request: ApiRequest) {
    const groups: Record<string, unknown[]> = {};
    // Both may be said of operations, as in LXD.
    const isAll = isTrue(request.query.get("all-projects") ?? "");
    for (const operation of operations.list(isAll ? undefined : request.call.project)) {
      const rendered = operation.render();
      const key = rendered.status.toLowerCase();
      groups[key] = [...(groups[key] ?? []), recursionOf(request) === 0 ? operation.url : rendered];
    }
    return sync(groups);
  }

  function cancel(request: ApiRequest) {
    of(request).cancel();
    return sync();
  }

  /** Waits until the operation is final, the time is over (still 200, as LXD does) or the client leaves. */
  async function wait(request: ApiRequest) {
    const operation = of(request);
    const text = request.query.get("timeout") || "-1";
    if (!/^-?\d+$/.test(text))
      throw badRequest(`Invalid timeout "${text}". Use whole seconds, or -1 to wait for ever.`);
    const seconds = Number(text);
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      request.call.signal.addEventListener("abort", () => resolve());
      if (seconds >= 0) timer = setTimeout(resolve, timerMs(seconds));
    });
    await Promise.race([operation.finished, enough]);
    clearTimeout(timer);
    return sync(operation.render());
  }

  return ofServer([
    route(
      "GET",
      base,
      {
        summary: "Lists operations by their status in small letters: those of a project and of the whole server.",
        query: {
          project: "whose operations; `default` when absent",
          ...recursion,
          "all-projects": "`true`: those of all projects",
        },
        answer: { ...answers.one(OperationsByStatus), when: "with `recursion=1`, else paths in place of objects" },
      },
      list,
    ),
    route(
      "GET",
      `${base}/:id`,
      { summary: "Shows an operation, until five seconds after its end.", answer: answers.one(Operation) },
      (request) => sync(of(request).render()),
    ),
    route(
      "DELETE",
      `${base}/:id`,
      { summary: "Cancels an operation that has `may_cancel`.", answer: answers.nothing },
      cancel,
    ),
    route(
      "GET",
      `${base}/:id/wait`,
      {
        summary: "Waits for the end of an operation, and shows it; also when it failed or the time is over.",
        query: { timeout: "whole seconds; `-1`, or none, for ever" },
        answer: answers.one(Operation),
      },
      wait,
    ),
  ]);
}

export const operationUpgrades = (operations: Operations): UpgradeRoute[] => [
  {
    path: `${base}/:id/websocket`,
    says: {
      summary: "Connects to a stream of an operation of the class `websocket`, such as an exec.",
      query: { secret: "which stream: one of the secrets in `fds` of the operation's metadata" },
      needs: ["secret"],
      answer: answers.websocket(
        "Binary messages carry bytes, and an empty text message ends them; the stream `control` takes JSON ([lxd-api.md](lxd-api.md#exec)).",
        InstanceExecControl,
      ),
    },
    anyProject: true,
    upgrade: (request, { request: raw, socket, head }) => {
      const operation = operations.get(param(request, "id"));
      if (operation.work.connect === undefined) throw badRequest("This operation has no websockets");
      operation.work.connect(request.query.get("secret") ?? "", raw, socket, head);
    },
  },
];
