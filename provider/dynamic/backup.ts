/** Backup, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { backup } from "../core/kinds/backup";
import { Container } from "./container";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing } from "./resource";
import type { StoragePool } from "./storage-pool";
import { StorageVolume } from "./storage-volume";

export interface BackupArgs extends CommonArgs {
  /** Container that is packed. Exactly one of `instance` and `volume` is given. A change replaces the backup. */
  instance?: Reference<Container>;
  /** Custom volume that is packed, of the pool `pool`. A change replaces the backup. */
  volume?: Reference<StorageVolume>;
  /** Storage pool of the volume. A change replaces the backup. */
  pool?: Reference<StoragePool>;
  /** Name of the backup; made from the resource's name when absent. A change replaces the backup. */
  name?: pulumi.Input<string>;
  /** When the server deletes the backup by itself, in RFC 3339; never when absent. A change replaces the backup. */
  expiresAt?: pulumi.Input<string>;
  /** Whether the snapshots are packed too; true when absent. A change replaces the backup. */
  snapshots?: pulumi.Input<boolean>;
  /** How it is packed, such as `none` or `zstd -19`; as the server is set when absent. A change replaces the backup. */
  compression?: pulumi.Input<string>;
  /**
   * File of the machine that runs the program, which the backup is written to as well. It stays when the backup goes, and is written again
   * when it is missing.
   */
  file?: pulumi.Input<string>;
}

/**
 * A container or a custom volume as it was at one moment, packed and kept by the server, and as a file where the program names one; deleted
 * together with what it is of.
 */
export class Backup extends BothyResource {
  declare readonly instance: pulumi.Output<string | undefined>;
  declare readonly volume: pulumi.Output<string | undefined>;
  declare readonly pool: pulumi.Output<string | undefined>;
  declare readonly name: pulumi.Output<string>;
  declare readonly expiresAt: pulumi.Output<string | undefined>;
  declare readonly snapshots: pulumi.Output<boolean>;
  declare readonly compression: pulumi.Output<string | undefined>;
  declare readonly file: pulumi.Output<string | undefined>;
  /** When the backup was made, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: BackupArgs, options?: pulumi.CustomResourceOptions) {
    const { instance, volume, pool } = args ?? {};
    const owner = instance instanceof Container ? instance : volume instanceof StorageVolume ? volume : undefined;
    super(
      backup,
      name,
      {
        ...argsOf("Backup", name, args),
        instance: nameOf(instance),
        volume: nameOf(volume),
        pool: nameOf(pool),
      },
      owner === undefined ? options : { deletedWith: owner, ...options },
      { instance, volume, pool },
    );
  }

  /** Reads a backup that exists. @param id `instance/<instance>/<name>` or `volume/<pool>/<volume>/<name>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Backup(name, args as BackupArgs, existing(id, options));
  }
}
