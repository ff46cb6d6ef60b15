/** Cores: the list of kinds that the provider serves. */

import type { Core } from "../engine/core";
import { backup } from "./backup";
import { certificate } from "./certificate";
import { clusterGroup } from "./cluster-group";
import { container } from "./container/container";
import { device } from "./device";
import { exec } from "./exec/exec";
import { file } from "./file/file";
import { image } from "./image";
import { network } from "./network";
import { networkAcl } from "./network-acl";
import { networkAddressSet } from "./network-address-set";
import { networkForward } from "./network-forward";
import { networkLoadBalancer } from "./network-load-balancer";
import { networkPeer } from "./network-peer";
import { networkZone } from "./network-zone";
import { networkZoneRecord } from "./network-zone-record";
import { profile } from "./profile";
import { project } from "./project";
import { serverConfig } from "./server-config";
import { snapshot } from "./snapshot";
import { storageBucket } from "./storage-bucket";
import { storageBucketKey } from "./storage-bucket-key";
import { storagePool } from "./storage-pool";
import { storageVolume } from "./storage-volume";
import { trustToken } from "./trust-token";

export const cores: readonly Core[] = [
  backup,
  certificate,
  clusterGroup,
  container,
  exec,
  device,
  file,
  image,
  network,
  networkAcl,
  networkAddressSet,
  networkForward,
  networkLoadBalancer,
  networkPeer,
  networkZone,
  networkZoneRecord,
  profile,
  project,
  serverConfig,
  snapshot,
  storageBucket,
  storageBucketKey,
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
