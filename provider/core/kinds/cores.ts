/** Cores: the list of kinds that the provider serves. */

import type { Core } from "../engine/core";
import { container } from "./container/container";
import { image } from "./image";
import { network } from "./network";
import { networkAcl } from "./network-acl";
import { networkForward } from "./network-forward";
import { networkZone } from "./network-zone";
import { networkZoneRecord } from "./network-zone-record";
import { profile } from "./profile";
import { project } from "./project";
import { snapshot } from "./snapshot";
import { storagePool } from "./storage-pool";
import { storageVolume } from "./storage-volume";

export const cores: readonly Core[] = [
  container,
  image,
  network,
  networkAcl,
  networkForward,
  networkZone,
  networkZoneRecord,
  profile,
  project,
  snapshot,
  storagePool,
  storageVolume,
];

/** @throws Error for a kind that this version of the package does not know */
export function coreOf(kind: string): Core {
  const found = cores.find((core) => core.kind === kind);
  if (found === undefined)
    throw new Error(
      `Cannot serve the kind "${kind}": this version of bothy does not know it. Update the package bothy.`,
    );
  return found;
}
