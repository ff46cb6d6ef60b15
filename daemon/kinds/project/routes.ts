/** Routes of projects: those that every kind has, a rename in the background, and the state. */
import { isTrue } from "../../../sdk/api/config/values";
import { ProjectPost, ProjectState, projectKind } from "../../../sdk/api/project";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { type ApiRequest, asyncOp, ofServer, param, type Route, route, sharedForReading, sync } from "../../http/route";
import { answers } from "../../http/says";
import type { ProjectService } from "./service";

const one = `${projectKind.path}/:name`;
const refOf = (name: string) => ref("project", name);

export function projectRoutes(projects: ProjectService, changes: Changes): Route[] {
  function rename(request: ApiRequest, { name: to }: ProjectPost) {
    const { call } = request;
    const from = param(request, "name");
    return asyncOp(
      changes.start(call, {
        of: [refOf(from), refOf(to)],
        check: () => projects.requireRenamable(from),
        operation: { description: "Renaming project", isOfServer: true },
        told: { action: "project-renamed", of: refOf(to), context: { old_name: from } },
        work: () => projects.rename(call, from, to),
      }),
    );
  }

  /** `force` empties the project before. */
  const deleting = (plain: Route): Route => ({
    ...plain,
    says: {
      ...plain.says,
      query: { force: "`true`: with all that is in it; running instances are killed (`projects_force_delete`)" },
    },
    handle: async (request) => {
      if (isTrue(request.query.get("force") ?? "")) await projects.clear(request.call, param(request, "name"));
      return plain.handle(request);
    },
  });

  return ofServer(
    sharedForReading("authenticated", [
      ...kindRoutes(projectKind, projects, changes, (_call, name) => refOf(name)).map((each) =>
        each.method === "DELETE" ? deleting(each) : each,
      ),
      route(
        "POST",
        one,
        { summary: "Renames an empty project.", body: ProjectPost, answer: answers.operation },
        rename,
      ),
      route(
        "GET",
        `${one}/state`,
        { summary: "Shows how much a project has, and may have.", answer: answers.one(ProjectState) },
        (request) => sync(projects.state(request.call, param(request, "name"))),
      ),
    ]),
  );
}
