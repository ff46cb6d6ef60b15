/** Routes of network address sets: those that every kind has. */
import { networkAddressSetKind } from "../../../sdk/api/network-address-set";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { type Route, sharedForReading } from "../../http/route";
import type { NetworkAddressSetService } from "./service";

export const networkAddressSetRoutes = (sets: NetworkAddressSetService, changes: Changes): Route[] =>
  sharedForReading(
    "view",
    kindRoutes(networkAddressSetKind, sets, changes, (_call, name) => ref("network-address-set", name)),
  );
