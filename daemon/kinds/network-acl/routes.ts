/** Routes of network ACLs: those that every kind has, and what was logged. */
import { networkAclKind } from "../../../sdk/api/network-acl";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { type Route, sharedForReading } from "../../http/route";
import type { NetworkAclService } from "./service";

export const networkAclRoutes = (acls: NetworkAclService, changes: Changes): Route[] =>
  sharedForReading(
    "view",
    kindRoutes(networkAclKind, acls, changes, (_call, name) => ref("network-acl", name)),
  );
