/** Storage volume, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { storageVolume } from "../core/kinds/storage-volume";
import type { StorageVolumeConfig } from "./config-keys";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";
import type { StoragePool } from "./storage-pool";

export interface StorageVolumeArgs extends CommonArgs {
  /** Storage pool that holds the volume. A change replaces the volume. */
  pool: Reference<StoragePool>;
  /** Name of the volume; made from the resource's name when absent. A change replaces the volume. */
  name?: pulumi.Input<string>;
  /** What it holds: `filesystem` when absent, or `block` for the bytes of a disk. A change replaces the volume. */
  contentType?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<StorageVolumeConfig<pulumi.Input<ConfigValue>>>;
}

/** Files, or the bytes of a disk, that containers share and that outlive them. */
export class StorageVolume extends BothyResource {
  declare readonly pool: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  /** What it holds: `filesystem` or `block`. */
  declare readonly contentType: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** When the volume was made, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: StorageVolumeArgs, options?: pulumi.CustomResourceOptions) {
    super(storageVolume, name, { ...argsOf("StorageVolume", name, args), pool: nameOf(args?.pool) }, options, {
      pool: args?.pool,
    });
  }

  /** Reads a volume that exists. @param id `<pool>/<volume>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new StorageVolume(name, args as StorageVolumeArgs, existing(id, options));
  }
}
