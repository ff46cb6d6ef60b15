/** Rename and state of projects: typed calls. */
import { ProjectPost, ProjectState } from "../api/project";
import type { CallOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Wire } from "./wire";

export const projectStateCalls = (wire: Wire) => ({
  /** Of an empty project. */
  renameProject: (name: string, newName: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", urlOf`/1.0/projects/${name}`, { ...options, body: body(ProjectPost, { name: newName }) }),

  /** What a project has of each limited thing, and may have. @throws ApiError NOT_FOUND */
  getProjectState: (name: string, options?: CallOptions): Promise<ProjectState> =>
    wire.get(urlOf`/1.0/projects/${name}/state`, ProjectState, options),
});
