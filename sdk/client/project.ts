/** Project: typed calls. Made by `npm run gen` from sdk/api/project.ts. */
import type * as z from "zod";
import { patchOf } from "../api/patch";
import { Project, ProjectPut, ProjectsPost } from "../api/project";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/projects";
const one = (name: string) => urlOf`/1.0/projects/${name}`;

export const projectCalls = (wire: Wire) => ({
  listProjects: (options?: CallOptions): Promise<Project[]> => wire.get(`${all}?recursion=1`, listOf(Project), options),

  /** @throws ApiError NOT_FOUND */
  getProject: (name: string, options?: CallOptions): Promise<Tagged<Project>> =>
    wire.getTagged(one(name), Project, options),

  /** Makes an empty project; features that are not given are on. @throws ApiError CONFLICT when the name is taken */
  createProject: (post: z.input<typeof ProjectsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(ProjectsPost, post) }),

  /** Replaces the whole mutable part. @throws ApiError BAD_REQUEST when what is in the project exceeds a limit or breaks a restriction */
  updateProject: (name: string, put: z.input<typeof ProjectPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(ProjectPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchProject: (name: string, patch: Partial<z.output<typeof ProjectPut>>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", one(name), { ...options, body: body(patchOf(ProjectPut), patch) }),

  /** Deletes an empty project: one without instances, images, and profiles but the default one. */
  deleteProject: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
