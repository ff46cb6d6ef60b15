/** Routes of operations (docs/lxd-api.md, Operations and events). */
import { badRequest } from "../../../sdk/api/errors";
import { type ApiRequest, param, type Route, recursionOf, route, sync, type UpgradeRoute } from "../../http/route";
import { timerMs } from "../../platform/time";

export const operationRoutes: Route[] = [
  route("GET", "/1.0/operations", listOperations),
  route("GET", "/1.0/operations/:id", getOperation),
  route("DELETE", "/1.0/operations/:id", cancelOperation),
  route("GET", "/1.0/operations/:id/wait", waitOperation),
  route("GET", "/1.0/operations/:id/websocket", () => {
    throw badRequest("Bad Request: connect to this path as a websocket.");
  }),
];

export const operationUpgrades: UpgradeRoute[] = [
  {
    path: "/1.0/operations/:id/websocket",
    upgrade: (request, { request: raw, socket, head }) => {
      const operation = request.context.operations.get(param(request, "id"));
      if (operation.work.connect === undefined) throw badRequest("This operation has no websockets");
      operation.work.connect(request.query.get("secret") ?? "", raw, socket, head);
    },
  },
];

function listOperations(request: ApiRequest) {
  const groups: Record<string, unknown[]> = {};
  for (const operation of request.context.operations.list()) {
    const rendered = operation.render();
    const key = rendered.status.toLowerCase();
    groups[key] = [...(groups[key] ?? []), recursionOf(request) === 0 ? operation.url : rendered];
  }
  return sync(groups);
}

function getOperation(request: ApiRequest) {
  return sync(request.context.operations.get(param(request, "id")).render());
}

function cancelOperation(request: ApiRequest) {
  request.context.operations.get(param(request, "id")).cancel();
  return sync();
}

/** Waits until the operation is final, the time is over (still 200, as LXD does) or the client leaves. */
async function waitOperation(request: ApiRequest) {
  const operation = request.context.operations.get(param(request, "id"));
  const text = request.query.get("timeout") || "-1";
  if (!/^-?\d+$/.test(text)) throw badRequest(`Invalid timeout "${text}". Use whole seconds, or -1 to wait for ever.`);
  const seconds = Number(text);
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    request.signal.addEventListener("abort", () => resolve());
    if (seconds >= 0) timer = setTimeout(resolve, timerMs(seconds));
  });
  await Promise.race([operation.finished, enough]);
  clearTimeout(timer);
  return sync(operation.render());
}
