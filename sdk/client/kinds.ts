/** Kinds: the calls of all kinds whose calls are made. Made by `npm run gen` from sdk/api/kinds.ts. */
import { clusterGroupCalls } from "./cluster-group";
import { imageAliasCalls } from "./image-alias";
import { networkCalls } from "./network";
import { networkAclCalls } from "./network-acl";
import { networkAddressSetCalls } from "./network-address-set";
import { networkForwardCalls } from "./network-forward";
import { networkLoadBalancerCalls } from "./network-load-balancer";
import { networkPeerCalls } from "./network-peer";
import { networkZoneCalls } from "./network-zone";
import { networkZoneRecordCalls } from "./network-zone-record";
import { profileCalls } from "./profile";
import { projectCalls } from "./project";
import { storageBucketCalls } from "./storage-bucket";
import { storagePoolCalls } from "./storage-pool";
import type { Wire } from "./wire";

export const kindsCalls = (wire: Wire) => ({
  ...clusterGroupCalls(wire),
  ...imageAliasCalls(wire),
  ...networkCalls(wire),
  ...networkAclCalls(wire),
  ...networkAddressSetCalls(wire),
  ...networkForwardCalls(wire),
  ...networkLoadBalancerCalls(wire),
  ...networkPeerCalls(wire),
  ...networkZoneCalls(wire),
  ...networkZoneRecordCalls(wire),
  ...profileCalls(wire),
  ...projectCalls(wire),
  ...storageBucketCalls(wire),
  ...storagePoolCalls(wire),
});
