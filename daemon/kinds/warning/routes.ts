/** Routes of warnings (docs/lxd-api.md, Warnings). */
import { WarningPut } from "../../../sdk/api/warning";
import { matches, parseFilter } from "../../http/filter";
import { type ApiRequest, param, parseBody, type Route, recursionOf, route, sync } from "../../http/route";

const urlOf = (uuid: string) => `/1.0/warnings/${uuid}`;

export const warningRoutes: Route[] = [
  route("GET", "/1.0/warnings", listWarnings),
  route("GET", "/1.0/warnings/:uuid", getWarning),
  route("PUT", "/1.0/warnings/:uuid", setStatus),
  route("PATCH", "/1.0/warnings/:uuid", setStatus),
  route("DELETE", "/1.0/warnings/:uuid", deleteWarning),
];

function listWarnings(request: ApiRequest) {
  const filter = parseFilter(request.query.get("filter"));
  const project = request.query.get("project");
  const found = request.context.warnings
    .list(project === null || project === "" ? undefined : project)
    .filter((warning) => matches(filter, warning));
  return sync(recursionOf(request) === 0 ? found.map(({ uuid }) => urlOf(uuid)) : found);
}

function getWarning(request: ApiRequest) {
  return sync(request.context.warnings.get(param(request, "uuid")));
}

function setStatus(request: ApiRequest) {
  const uuid = param(request, "uuid");
  const { status } = parseBody(request, WarningPut);
  request.context.warnings.setStatus(uuid, status);
  tell(request, status === "acknowledged" ? "warning-acknowledged" : "warning-reset", uuid);
  return sync();
}

function deleteWarning(request: ApiRequest) {
  const uuid = param(request, "uuid");
  request.context.warnings.delete(uuid);
  tell(request, "warning-deleted", uuid);
  return sync();
}

function tell(request: ApiRequest, action: string, uuid: string): void {
  request.context.events.lifecycle({ action, source: urlOf(uuid), requestor: request.requestor });
}
