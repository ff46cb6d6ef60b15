/** Network zone, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkZone } from "../core/kinds/network-zone";
import type { NetworkZoneConfig } from "./config-keys";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface NetworkZoneArgs extends CommonArgs {
  /** Name of the zone, a domain such as `lab.example.org`, or one of addresses such as `2.0.192.in-addr.arpa`. A change replaces the zone. */
  name: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<NetworkZoneConfig<pulumi.Input<ConfigValue>>>;
}

/** Names of instances as a DNS zone, which networks take by their keys `dns.zone.forward` and `dns.zone.reverse.*`. */
export class NetworkZone extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: NetworkZoneArgs, options?: pulumi.CustomResourceOptions) {
    super(networkZone, name, argsOf("NetworkZone", name, args), options);
  }

  /** Reads a zone that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkZone(name, args as NetworkZoneArgs, existing(id, options));
  }
}
