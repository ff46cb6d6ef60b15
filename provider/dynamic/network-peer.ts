/** Network peer, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkPeer } from "../core/kinds/network-peer";
import { Network } from "./network";
import type { Project } from "./project";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface NetworkPeerArgs extends CommonArgs {
  /** Network of type `ovn` that gets the peer. A change replaces the peer. */
  network: Reference<Network>;
  /** Name of the peer; made from the resource's name when absent. A change replaces the peer. */
  name?: pulumi.Input<string>;
  /** Network on the other side, which needs a peer of this one before traffic flows. A change replaces the peer. */
  targetNetwork?: Reference<Network>;
  /** Project of that network; that of `network` when absent. A change replaces the peer. */
  targetProject?: Reference<Project>;
  /** `local` when absent, or `remote` for a `targetIntegration`, on Incus. A change replaces the peer. */
  type?: pulumi.Input<string>;
  /** Network integration of a remote peer, on Incus. A change replaces the peer. */
  targetIntegration?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as the server has them (`user.*`); an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
}

/** What lets two networks of type `ovn` reach each other, on servers that have such networks; Bothy's own has none. */
export class NetworkPeer extends BothyResource {
  declare readonly network: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly targetNetwork: pulumi.Output<string | undefined>;
  declare readonly targetProject: pulumi.Output<string | undefined>;
  declare readonly type: pulumi.Output<string | undefined>;
  declare readonly targetIntegration: pulumi.Output<string | undefined>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** `Pending` until the other network has a peer of this one. */
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: NetworkPeerArgs, options?: pulumi.CustomResourceOptions) {
    const { network, targetNetwork, targetProject } = args ?? {};
    super(
      networkPeer,
      name,
      {
        ...argsOf("NetworkPeer", name, args),
        network: nameOf(network),
        targetNetwork: nameOf(targetNetwork),
        targetProject: nameOf(targetProject),
      },
      network instanceof Network ? { deletedWith: network, ...options } : options,
      { network, targetNetwork, targetProject },
    );
  }

  /** Reads a peer that exists. @param id `<network>/<peer>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkPeer(name, args as NetworkPeerArgs, existing(id, options));
  }
}
