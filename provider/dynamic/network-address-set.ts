/** Network address set, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkAddressSet } from "../core/kinds/network-address-set";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface NetworkAddressSetArgs extends CommonArgs {
  /** Name of the set; made from the resource's name when absent. A change replaces the set. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Addresses and subnets such as `10.1.2.0/24`, of both families as they come. Their order means nothing. */
  addresses?: pulumi.Input<pulumi.Input<string>[]>;
  /** Configuration keys and their values, all of them `user.*`; an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
}

/** Addresses and subnets under a name, which rules of network ACLs use as `$name`. A change counts at once. */
export class NetworkAddressSet extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly addresses: pulumi.Output<string[]>;
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: NetworkAddressSetArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(networkAddressSet, name, argsOf("NetworkAddressSet", name, args), options);
  }

  /** Reads a set that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkAddressSet(name, args, existing(id, options));
  }
}
