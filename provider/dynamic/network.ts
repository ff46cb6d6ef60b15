/** Network, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { network } from "../core/kinds/network";
import type { NetworkConfig } from "./config-keys";
import type { OptionValue } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing } from "./resource";

export interface NetworkArgs extends CommonArgs {
  /** Name of the network and of its bridge, at most 15 characters; made from the resource's name when absent. A change replaces the network. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<NetworkConfig<OptionValue>>;
  /** Type of the network: `bridge`. A change replaces the network. */
  type?: pulumi.Input<string>;
}

/** A bridge with DHCP, DNS and NAT, for containers. */
export class Network extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  declare readonly type: pulumi.Output<string>;
  /** Address of the bridge with its prefix length, such as `10.1.2.1/24`; absent without IPv4. */
  declare readonly ipv4Address: pulumi.Output<string | undefined>;
  /** The same of IPv6, such as `fd42:1:2:3::1/64`; absent without IPv6. */
  declare readonly ipv6Address: pulumi.Output<string | undefined>;
  /** What the server says of the network, such as `Created`. */
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(network, name, argsOf("Network", name, args), options);
  }

  /** Reads a network that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Network(name, args, existing(id, options));
  }
}
