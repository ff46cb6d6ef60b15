/** Snapshot, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { snapshot } from "../core/kinds/snapshot";
import { Container } from "./container";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing } from "./resource";

export interface SnapshotArgs extends CommonArgs {
  /** Container to take the snapshot of. A change replaces the snapshot, and so does the replacement of a container given as a resource. */
  instance: Reference<Container>;
  /** Name of the snapshot; made from the resource's name when absent. A change replaces the snapshot. */
  name?: pulumi.Input<string>;
  /** When the server deletes the snapshot by itself, in RFC 3339; never when absent. */
  expiresAt?: pulumi.Input<string>;
}

/** A container as it was at one moment; deleted together with its container. */
export class Snapshot extends BothyResource {
  declare readonly instance: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly expiresAt: pulumi.Output<string | undefined>;
  /** When the snapshot was taken, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: SnapshotArgs, options: pulumi.CustomResourceOptions = {}) {
    const owner = args?.instance instanceof Container ? args.instance : undefined;
    super(
      snapshot,
      name,
      {
        ...argsOf("Snapshot", name, args),
        instance: nameOf(args?.instance),
        __instanceCreatedAt: owner?.createdAt,
        __instanceId: owner?.id,
      },
      owner === undefined ? options : { deletedWith: owner, ...options },
      { instance: args?.instance },
    );
  }

  /** Reads a snapshot that exists. @param id `<instance>/<snapshot>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Snapshot(name, args as SnapshotArgs, existing(id, options));
  }
}
