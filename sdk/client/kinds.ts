/** Kinds: the calls of all kinds whose calls are made. Made by `npm run gen` from sdk/api/kinds.ts. */
import { imageAliasCalls } from "./image-alias";
import { networkCalls } from "./network";
import { networkAclCalls } from "./network-acl";
import { networkAddressSetCalls } from "./network-address-set";
import { networkForwardCalls } from "./network-forward";
import { networkZoneCalls } from "./network-zone";
import { networkZoneRecordCalls } from "./network-zone-record";
import { profileCalls } from "./profile";
import { projectCalls } from "./project";
import { storagePoolCalls } from "./storage-pool";
import type { Wire } from "./wire";

export const kindsCalls = (wire: Wire) => ({
  ...imageAliasCalls(wire),
  ...networkCalls(wire),
  ...networkAclCalls(wire),
  ...networkAddressSetCalls(wire),
  ...networkForwardCalls(wire),
  ...networkZoneCalls(wire),
  ...networkZoneRecordCalls(wire),
  ...profileCalls(wire),
  ...projectCalls(wire),
  ...storagePoolCalls(wire),
});
