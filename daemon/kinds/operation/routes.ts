/** Routes of operations (docs/lxd-api.md, Operations and events). */
import { badRequest } from "../../../sdk/api/errors";
import { InstanceExecControl } from "../../../sdk/api/instance";
import { Operation, OperationsByStatus } from "../../../sdk/api/operation";
import { isUntrusted, maySee, notAuthorized } from "../../core/access";
import {
  type ApiRequest,
  needing,
  ofServer,
  param,
  type Route,
  recursionOf,
  route,
  saysAllProjects,
  sync,
  type UpgradeRoute,
} from "../../http/route";
import { answers, recursion } from "../../http/says";
import { type Operations, operationNotFound, type RunningOperation } from "../../platform/operations";
import { isSameSecret } from "../../platform/secret";
import { timerMs } from "../../platform/time";

const base = "/1.0/operations";

export function operationRoutes(operations: Operations): Route[] {
  /** One of a project that who calls has. @throws ApiError NOT_FOUND, also for one that is not his to see */
  function of(request: ApiRequest): RunningOperation {
    const operation = operations.get(param(request, "id"));
    if (!maySee(request.call, operation.work.project)) throw operationNotFound();
    return operation;
  }

  /** Who knows the secret of an operation may wait for its end. */
  function waitedFor(request: ApiRequest): RunningOperation {
    const secret = request.query.get("secret");
    if (secret === null || secret === "") {
      if (isUntrusted(request.call)) throw notAuthorized();
      return of(request);
    }
    const operation = operations.get(param(request, "id"));
    const own = operation.metadata?.secret;
    if (typeof own !== "string" || !isSameSecret(own, secret)) throw notAuthorized();
    return operation;
  }

  function list(request: ApiRequest) {
    const groups: Record<string, unknown[]> = {};
    // Both may be said of operations, as in LXD.
    const { call } = request;
    const found = operations.list(saysAllProjects(request) ? undefined : call.project);
    for (const operation of found.filter(({ work }) => maySee(call, work.project))) {
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
    const operation = waitedFor(request);
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

  return ofServer(
    needing("authenticated", [
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
      {
        access: "untrusted",
        ...route(
          "GET",
          `${base}/:id/wait`,
          {
            summary: "Waits for the end of an operation, and shows it; also when it failed or the time is over.",
            query: {
              timeout: "whole seconds; `-1`, or none, for ever",
              secret: "`secret` of its metadata: who knows it needs no trust",
            },
            answer: answers.one(Operation),
          },
          wait,
        ),
      },
    ]),
  );
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
    // Who knows the secret of a stream may have it.
    access: "untrusted",
    anyProject: true,
    upgrade: (request, { request: raw, socket, head }) => {
      const secret = request.query.get("secret") ?? "";
      if (secret === "") throw badRequest("missing secret");
      const operation = operations.get(param(request, "id"));
      if (operation.work.connect === undefined) throw badRequest("This operation has no websockets");
      operation.work.connect(secret, raw, socket, head);
    },
  },
];
