/** Project: instances, images and profiles that live apart from those of other projects (docs/lxd-api.md, Projects). */
import * as z from "zod";
import { Config, ProjectName, text } from "./common";
import { lxdProjectKeys } from "./config/lxd-words";
import { projectKeys } from "./config/project";
import { defineKind } from "./kind";
import { means } from "./means";

export const ProjectPut = z.object({
  description: text,
  config: Config.default({}),
});
export type ProjectPut = z.infer<typeof ProjectPut>;

export const ProjectsPost = ProjectPut.extend({ name: ProjectName });
export type ProjectsPost = z.infer<typeof ProjectsPost>;

/** A rename; whether the name is one is said by its operation, as in LXD. */
export const ProjectPost = z.object({ name: text });
export type ProjectPost = z.infer<typeof ProjectPost>;

export const Project = z.looseObject({
  ...ProjectPut.shape,
  name: z.string(),
  used_by: means(z.array(z.string()).default([]), "Paths of what is in it."),
});
export type Project = z.infer<typeof Project>;

/** How much of something a project may have and has; -1 stands for no limit. LXD writes these fields with capitals. */
export const ProjectResource = z.looseObject({
  Limit: means(z.number(), "Most that there may be; -1 for no limit."),
  Usage: means(z.number(), "How much there is."),
});

export const ProjectState = z.looseObject({ resources: z.record(z.string(), ProjectResource) });
export type ProjectState = z.infer<typeof ProjectState>;

export const projectKind = defineKind({
  name: "project",
  title: "Project",
  path: "/1.0/projects",
  put: ProjectPut,
  post: ProjectsPost,
  shown: Project,
  tagged: ["config", "description"],
  keys: { table: projectKeys, lxd: lxdProjectKeys },
  says: {
    create:
      "Makes an empty project; features that are not given are on. @throws ApiError CONFLICT when the name is taken",
    update:
      "Replaces the whole mutable part. @throws ApiError BAD_REQUEST when what is in the project exceeds a limit or breaks a restriction",
    delete: "Deletes an empty project: one without instances, images, and profiles but the default one.",
  },
});
