/** Cluster group, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { clusterGroup } from "../core/kinds/cluster-group";
import { argsOf, BothyResource, type CommonArgs, existing } from "./resource";

export interface ClusterGroupArgs extends CommonArgs {
  /** Name of the group; made from the resource's name when absent. A change replaces the group. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Names of members of the cluster. Their order means nothing. */
  members?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Members of a cluster under a name, on which instances can be placed (`target: "@name"`), on a cluster of LXD or Incus; Bothy's own daemon
 * is none.
 */
export class ClusterGroup extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly members: pulumi.Output<string[]>;

  constructor(name: string, args: ClusterGroupArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(clusterGroup, name, argsOf("ClusterGroup", name, args), options);
  }

  /** Reads a group that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new ClusterGroup(name, args, existing(id, options));
  }
}
