/** Network forward, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkForward } from "../core/kinds/network-forward";
import type { NetworkForwardConfig } from "./config-keys";
import { Network } from "./network";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

/** Ports of a forward, and where they lead. */
export interface NetworkForwardPortArgs {
  /** Ports that it listens on, and ranges of them, with commas between: `80,90-95`. */
  listenPort: pulumi.Input<ConfigValue>;
  /** Where they lead: an address of the network's subnet. */
  targetAddress: pulumi.Input<string>;
  /** As many ports as it listens on, or one for all; the same ones when absent. */
  targetPort?: pulumi.Input<ConfigValue>;
  /** `tcp` when absent, or `udp`. */
  protocol?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

export interface NetworkForwardPort {
  readonly listenPort: string;
  readonly targetAddress: string;
  readonly targetPort?: string;
  readonly protocol: string;
  readonly description?: string;
}

export interface NetworkForwardArgs extends CommonArgs {
  /** Network whose instances are the targets, a bridge. A change replaces the forward. */
  network: Reference<Network>;
  /** Address that it listens on, of IPv4 or IPv6: one of the host, or one that leads to it. A change replaces the forward. */
  listenAddress: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Ports that lead to instances. */
  ports?: pulumi.Input<pulumi.Input<NetworkForwardPortArgs>[]>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<NetworkForwardConfig<pulumi.Input<ConfigValue>>>;
}

/** An address whose ports, or whole traffic, go to instances of a network; deleted together with it. */
export class NetworkForward extends BothyResource {
  declare readonly network: pulumi.Output<string>;
  declare readonly listenAddress: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly ports: pulumi.Output<NetworkForwardPort[]>;
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: NetworkForwardArgs, options?: pulumi.CustomResourceOptions) {
    super(
      networkForward,
      name,
      { ...argsOf("NetworkForward", name, args), network: nameOf(args?.network) },
      args?.network instanceof Network ? { deletedWith: args.network, ...options } : options,
      { network: args?.network },
    );
  }

  /** Reads a forward that exists. @param id `<network>/<listen address>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkForward(name, args as NetworkForwardArgs, existing(id, options));
  }
}
