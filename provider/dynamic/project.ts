/** Project, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { project } from "../core/kinds/project";
import type { ProjectConfig } from "./config-keys";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface ProjectArgs extends CommonArgs {
  /** Name of the project; made from the resource's name when absent. A change replaces the project. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Features, limits and restrictions, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<ProjectConfig<pulumi.Input<ConfigValue>>>;
}

/** Instances, images and profiles that live apart from those of other projects, with limits and restrictions. */
export class Project extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: ProjectArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(project, name, argsOf("Project", name, args), options);
  }

  /** Reads a project that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Project(name, args, existing(id, options));
  }
}
