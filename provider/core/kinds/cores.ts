/** Cores: the list of kinds that the provider serves. */

import type { Core } from "../engine/core";
import { certificate } from "./certificate";
import { container } from "./container/container";
import { exec } from "./exec/exec";
import { file } from "./file/file";
import { image } from "./image";
import { network } from "./network";
import { networkAcl } from "./network-acl";
import { networkForward } from "./network-forward";
import { networkZone } from "./network-zone";
import { networkZoneRecord } from "./network-zone-record";
import { profile } from "./profile";
import { project } from "./project";
import { serverConfig } from "./server-config";
import { snapshot } from "./snapshot";
import { storagePool } from "./storage-pool";
import { storageVolume } from "./storage-volume";
import { trustToken } from "./trust-token";

export const cores: readonly Core[] = [
  certificate,
  container,
  exec,
  file,
  image,
  network,
  networkAcl,
  networkForward,
  networkZone,
  networkZoneRecord,
  profile,
  project,
  serverConfig,
  snapshot,
  storagePool,
  storageVolume,
  trustToken,
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
