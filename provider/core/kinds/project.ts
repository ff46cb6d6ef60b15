/** Project: instances, images and profiles that live apart from those of other projects. */
import * as z from "zod";
import { ProjectName } from "../../../sdk/api/common";
import { lxdComputedProjectKeys } from "../../../sdk/api/config/lxd-words";
import { projectKeys } from "../../../sdk/api/config/project";
import { computedKeys } from "../../../sdk/api/config/table";
import { projectKind } from "../../../sdk/api/project";
import { adopt, configInput, description, endpoint, replacing, timeouts } from "../engine/inputs";
import { namedCore } from "./named";

export const ProjectInputs = z.strictObject({
  name: ProjectName.refine((name) => name !== "default", {
    message: 'must not be "default": that project always exists and belongs to no program. Name the project otherwise.',
  }).meta(replacing("Name of the project; made from the resource's name when absent.")),
  description,
  config: configInput(projectKeys),
  adopt,
  endpoint,
  timeouts,
});

export const project = namedCore({
  definition: projectKind,
  type: "Project",
  description:
    "Instances, images and profiles that live apart from those of other projects, with limits and restrictions.",
  inputs: ProjectInputs,
  outputs: z.object({}),
  nameMaxLength: 63,
  // LXD 5.0.2 drops each key that a PATCH of a project does not name (docs/lxd-api.md, Projects).
  patchMayLose: true,
  computed: () => [...computedKeys(projectKeys), ...lxdComputedProjectKeys],
});
