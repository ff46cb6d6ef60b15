/** Routes of warnings (docs/lxd-api.md, Warnings). */
import { WarningPut } from "../../../sdk/api/warning";
import type { Changes } from "../../core/changes";
import { ref, urlOf } from "../../core/ref";
import { matches, parseFilter } from "../../http/filter";
import { type ApiRequest, param, parseBody, type Route, recursionOf, route, sync } from "../../http/route";
import type { Warnings } from "./service";

const base = "/1.0/warnings";

export function warningRoutes(warnings: Warnings, changes: Changes): Route[] {
  function list(request: ApiRequest) {
    const filter = parseFilter(request.query.get("filter"));
    const project = request.query.get("project");
    const found = warnings
      .list(project === null || project === "" ? undefined : project)
      .filter((warning) => matches(filter, warning));
    return sync(recursionOf(request) === 0 ? found.map(({ uuid }) => urlOf(ref("warning", uuid))) : found);
  }

  async function setStatus(request: ApiRequest) {
    const uuid = param(request, "uuid");
    const { status } = parseBody(request, WarningPut);
    const of = ref("warning", uuid);
    await changes.run(request.call, {
      of: [of],
      told: { action: status === "acknowledged" ? "warning-acknowledged" : "warning-reset", of },
      work: () => warnings.setStatus(uuid, status),
    });
    return sync();
  }

  async function remove(request: ApiRequest) {
    const uuid = param(request, "uuid");
    const of = ref("warning", uuid);
    await changes.run(request.call, {
      of: [of],
      told: { action: "warning-deleted", of },
      work: () => warnings.delete(uuid),
    });
    return sync();
  }

  return [
    route("GET", base, list),
    route("GET", `${base}/:uuid`, (request) => sync(warnings.get(param(request, "uuid")))),
    route("PUT", `${base}/:uuid`, setStatus),
    route("PATCH", `${base}/:uuid`, setStatus),
    route("DELETE", `${base}/:uuid`, remove),
  ];
}
