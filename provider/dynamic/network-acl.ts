/** Network ACL, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkAcl } from "../core/kinds/network-acl";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

/** A rule about packets. Whatever their order, drop comes before reject, and reject before allow. */
export interface NetworkAclRuleArgs {
  /** What becomes of a packet: `allow`, `drop` or `reject`. */
  action: pulumi.Input<string>;
  /** `enabled` when absent, `disabled`, or `logged`: the kernel's log tells of it too. */
  state?: pulumi.Input<string>;
  /**
   * Where packets come from: addresses, subnets and ranges such as `10.1.2.3-10.1.2.9`, with commas between; anywhere when absent.
   */
  source?: pulumi.Input<string>;
  /** Where packets go, written as `source`. */
  destination?: pulumi.Input<string>;
  /** `tcp`, `udp`, `icmp4` or `icmp6`; any when absent. */
  protocol?: pulumi.Input<string>;
  /** Ports of `tcp` and `udp`, and ranges of them, with commas between; any when absent. */
  sourcePort?: pulumi.Input<ConfigValue>;
  /** The same of where packets go. */
  destinationPort?: pulumi.Input<ConfigValue>;
  /** A number, of `icmp4` and `icmp6`; any when absent. */
  icmpType?: pulumi.Input<ConfigValue>;
  /** A number, of `icmp4` and `icmp6`; any when absent. */
  icmpCode?: pulumi.Input<ConfigValue>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

export interface NetworkAclRule {
  readonly action: string;
  readonly state: string;
  readonly source?: string;
  readonly destination?: string;
  readonly protocol?: string;
  readonly sourcePort?: string;
  readonly destinationPort?: string;
  readonly icmpType?: string;
  readonly icmpCode?: string;
  readonly description?: string;
}

export interface NetworkAclArgs extends CommonArgs {
  /** Name of the ACL; made from the resource's name when absent. A change replaces the ACL. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Rules of what goes to instances. */
  ingress?: pulumi.Input<pulumi.Input<NetworkAclRuleArgs>[]>;
  /** Rules of what comes from instances. */
  egress?: pulumi.Input<pulumi.Input<NetworkAclRuleArgs>[]>;
  /** Configuration keys and their values, all of them `user.*`; an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
}

/** Rules about what enters and leaves networks, which take it by their key `security.acls`. A change counts at once. */
export class NetworkAcl extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly ingress: pulumi.Output<NetworkAclRule[]>;
  declare readonly egress: pulumi.Output<NetworkAclRule[]>;
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: NetworkAclArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(networkAcl, name, argsOf("NetworkAcl", name, args), options);
  }

  /** Reads an ACL that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkAcl(name, args, existing(id, options));
  }
}
