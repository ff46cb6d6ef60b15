/** Routes of warnings (docs/lxd-api.md, Warnings). */
import { Warning, WarningPut } from "../../../sdk/api/warning";
import type { Changes } from "../../core/changes";
import { ref, urlOf } from "../../core/ref";
import { matches, parseFilter } from "../../http/filter";
import { type ApiRequest, param, type Route, recursionOf, route, sync } from "../../http/route";
import { answers, filter, recursion } from "../../http/says";
import type { Warnings } from "./service";

const base = "/1.0/warnings";

export function warningRoutes(warnings: Warnings, changes: Changes): Route[] {
  function list(request: ApiRequest) {
    const clauses = parseFilter(request.query.get("filter"));
    const project = request.query.get("project");
    const found = warnings
      .list(project === null || project === "" ? undefined : project)
      .filter((warning) => matches(clauses, warning));
    return sync(recursionOf(request) === 0 ? found.map(({ uuid }) => urlOf(ref("warning", uuid))) : found);
  }

  async function setStatus(request: ApiRequest, { status }: WarningPut) {
    const uuid = param(request, "uuid");
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

  const setStatusSays = {
    summary: "Acknowledges a warning, or makes it new again.",
    body: WarningPut,
    answer: answers.nothing,
  } as const;

  return [
    route(
      "GET",
      base,
      {
        summary: "Lists warnings.",
        query: { project: "those about objects of this project; of all projects when absent", ...recursion, ...filter },
        answer: answers.list(Warning),
      },
      list,
    ),
    route("GET", `${base}/:uuid`, { summary: "Shows a warning.", answer: answers.one(Warning) }, (request) =>
      sync(warnings.get(param(request, "uuid"))),
    ),
    route("PUT", `${base}/:uuid`, setStatusSays, setStatus),
    route("PATCH", `${base}/:uuid`, setStatusSays, setStatus),
    route(
      "DELETE",
      `${base}/:uuid`,
      { summary: "Deletes a warning. It comes back when its cause is seen again.", answer: answers.nothing },
      remove,
    ),
  ];
}
