/** Network load balancer, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkLoadBalancer } from "../core/kinds/network-load-balancer";
import { Network } from "./network";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

/** Where a load balancer leads. */
export interface NetworkLoadBalancerBackendArgs {
  /** Name by which ports lead to it. */
  name: pulumi.Input<string>;
  /** Where it is: an address of the network's subnet. */
  targetAddress: pulumi.Input<string>;
  /** As many ports as are listened on, or one for all; the same ones when absent. */
  targetPort?: pulumi.Input<ConfigValue>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

export interface NetworkLoadBalancerBackend {
  readonly name: string;
  readonly targetAddress: string;
  readonly targetPort?: string;
  readonly description?: string;
}

/** Ports of a load balancer, and the backends they lead to. */
export interface NetworkLoadBalancerPortArgs {
  /** Ports that it listens on, and ranges of them, with commas between: `80,90-95`. */
  listenPort: pulumi.Input<ConfigValue>;
  /** Names of the backends that they lead to. */
  targetBackends?: pulumi.Input<pulumi.Input<string>[]>;
  /** `tcp` when absent, or `udp`. */
  protocol?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

export interface NetworkLoadBalancerPort {
  readonly listenPort: string;
  readonly targetBackends: string[];
  readonly protocol: string;
  readonly description?: string;
}

export interface NetworkLoadBalancerArgs extends CommonArgs {
  /** Network whose instances are the backends. A change replaces the load balancer. */
  network: Reference<Network>;
  /** Address that it listens on, of IPv4 or IPv6. A change replaces the load balancer. */
  listenAddress: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Instances that ports lead to. */
  backends?: pulumi.Input<pulumi.Input<NetworkLoadBalancerBackendArgs>[]>;
  /** Ports that lead to backends. */
  ports?: pulumi.Input<pulumi.Input<NetworkLoadBalancerPortArgs>[]>;
  /** Configuration keys and their values, as the server has them (`user.*`); an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
}

/**
 * An address whose ports lead to several instances of a network, on servers that have it; Bothy's own has not. Deleted together with the
 * network.
 */
export class NetworkLoadBalancer extends BothyResource {
  declare readonly network: pulumi.Output<string>;
  declare readonly listenAddress: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly backends: pulumi.Output<NetworkLoadBalancerBackend[]>;
  declare readonly ports: pulumi.Output<NetworkLoadBalancerPort[]>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Member of the cluster that holds it. */
  declare readonly location: pulumi.Output<string>;

  constructor(name: string, args: NetworkLoadBalancerArgs, options?: pulumi.CustomResourceOptions) {
    super(
      networkLoadBalancer,
      name,
      { ...argsOf("NetworkLoadBalancer", name, args), network: nameOf(args?.network) },
      args?.network instanceof Network ? { deletedWith: args.network, ...options } : options,
      { network: args?.network },
    );
  }

  /** Reads a load balancer that exists. @param id `<network>/<listen address>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkLoadBalancer(name, args as NetworkLoadBalancerArgs, existing(id, options));
  }
}
