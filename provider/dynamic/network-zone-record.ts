/** Network zone record, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { networkZoneRecord } from "../core/kinds/network-zone-record";
import { NetworkZone } from "./network-zone";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

/** Something that a zone says of a name. */
export interface NetworkZoneRecordEntryArgs {
  /** Type of DNS, such as `A`, `AAAA`, `CNAME`, `MX`, `SRV` or `TXT`. */
  type: pulumi.Input<string>;
  /** As a zone file writes it, such as `192.0.2.5` or `10 mail.example.org.`; a name that does not end with a dot is one of the zone. */
  value: pulumi.Input<string>;
  /** Seconds for which it may be kept; 300 when absent. */
  ttl?: pulumi.Input<number>;
}

export interface NetworkZoneRecordEntry {
  readonly type: string;
  readonly value: string;
  readonly ttl?: number;
}

export interface NetworkZoneRecordArgs extends CommonArgs {
  /** Zone that the record is of. A change replaces the record. */
  zone: Reference<NetworkZone>;
  /** Name that it is about, without that of the zone; `@` for the zone itself. A change replaces the record. */
  name: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** What the zone says of the name. */
  entries?: pulumi.Input<pulumi.Input<NetworkZoneRecordEntryArgs>[]>;
  /** Configuration keys and their values, all of them `user.*`; an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
}

/** What a zone says of a name, beside what its networks make it say; deleted together with it. */
export class NetworkZoneRecord extends BothyResource {
  declare readonly zone: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly entries: pulumi.Output<NetworkZoneRecordEntry[]>;
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: NetworkZoneRecordArgs, options?: pulumi.CustomResourceOptions) {
    super(
      networkZoneRecord,
      name,
      { ...argsOf("NetworkZoneRecord", name, args), zone: nameOf(args?.zone) },
      args?.zone instanceof NetworkZone ? { deletedWith: args.zone, ...options } : options,
      { zone: args?.zone },
    );
  }

  /** Reads a record that exists. @param id `<zone>/<name>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new NetworkZoneRecord(name, args as NetworkZoneRecordArgs, existing(id, options));
  }
}
