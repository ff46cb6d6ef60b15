/** Storage pool, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { storagePool } from "../core/kinds/storage-pool";
import type { StoragePoolConfig } from "./config-keys";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface StoragePoolArgs extends CommonArgs {
  /** Name of the pool; made from the resource's name when absent. A change replaces the pool. */
  name?: pulumi.Input<string>;
  /** Storage driver: `btrfs`, `dir` or `overlay`. A change replaces the pool. */
  driver: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<StoragePoolConfig<pulumi.Input<ConfigValue>>>;
}

/** Where root file systems of containers live. */
export class StoragePool extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly driver: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** What the server says of the pool, such as `Created`. */
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: StoragePoolArgs, options?: pulumi.CustomResourceOptions) {
    super(storagePool, name, argsOf("StoragePool", name, args), options);
  }

  /** Reads a pool that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new StoragePool(name, args as StoragePoolArgs, existing(id, options));
  }
}
