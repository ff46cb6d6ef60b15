/** Kinds: those whose definition drives routes, calls and resources. A new one is named here. */
import { clusterGroupKind } from "./cluster-group";
import { imageAliasKind } from "./image";
import type { Kind } from "./kind";
import { networkKind } from "./network";
import { networkAclKind } from "./network-acl";
import { networkAddressSetKind } from "./network-address-set";
import { networkForwardKind } from "./network-forward";
import { networkLoadBalancerKind } from "./network-load-balancer";
import { networkPeerKind } from "./network-peer";
import { networkZoneKind } from "./network-zone";
import { networkZoneRecordKind } from "./network-zone-record";
import { profileKind } from "./profile";
import { projectKind } from "./project";
import { storageBucketKind } from "./storage-bucket";
import { storagePoolKind } from "./storage-pool";

export const kinds: readonly Kind[] = [
  clusterGroupKind,
  imageAliasKind,
  networkKind,
  networkAclKind,
  networkAddressSetKind,
  networkForwardKind,
  networkLoadBalancerKind,
  networkPeerKind,
  networkZoneKind,
  networkZoneRecordKind,
  profileKind,
  projectKind,
  storageBucketKind,
  storagePoolKind,
];
