/** Kinds: those whose definition drives routes, calls and resources. A new one is named here. */
import { imageAliasKind } from "./image";
import type { Kind } from "./kind";
import { networkKind } from "./network";
import { networkAclKind } from "./network-acl";
import { networkAddressSetKind } from "./network-address-set";
import { networkForwardKind } from "./network-forward";
import { networkZoneKind } from "./network-zone";
import { networkZoneRecordKind } from "./network-zone-record";
import { profileKind } from "./profile";
import { projectKind } from "./project";
import { storagePoolKind } from "./storage-pool";

export const kinds: readonly Kind[] = [
  imageAliasKind,
  networkKind,
  networkAclKind,
  networkAddressSetKind,
  networkForwardKind,
  networkZoneKind,
  networkZoneRecordKind,
  profileKind,
  projectKind,
  storagePoolKind,
];
