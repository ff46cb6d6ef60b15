/** Rename, state and forced deletion of projects: typed calls. */
import { ProjectPost, ProjectState } from "../api/project";
import type { CallOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf, withQuery } from "./request";
import { body, type Wire } from "./wire";

export const projectStateCalls = (wire: Wire) => ({
  /** Of an empty project. */
  renameProject: (name: string, newName: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", urlOf`/1.0/projects/${name}`, { ...options, body: body(ProjectPost, { name: newName }) }),

  /**
   * Deletes a project with all that is in it; running instances are killed. Needs the extension projects_force_delete.
   * @throws ApiError BAD_REQUEST when an instance in it is protected
   */
  deleteProjectWithContent: (name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", withQuery(urlOf`/1.0/projects/${name}`, { force: "1" }), options),

  /** What a project has of each limited thing, and may have. @throws ApiError NOT_FOUND */
  getProjectState: (name: string, options?: CallOptions): Promise<ProjectState> =>
    wire.get(urlOf`/1.0/projects/${name}/state`, ProjectState, options),
});
