/** Routes of network zones and of their records: those that every kind has. */
import { networkZoneKind } from "../../../sdk/api/network-zone";
import { networkZoneRecordKind } from "../../../sdk/api/network-zone-record";
import type { Changes } from "../../core/changes";
import { ref, zoneRecordRef } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { type Route, sharedForReading } from "../../http/route";
import type { NetworkZoneService } from "./service";

export const networkZoneRoutes = (zones: NetworkZoneService, changes: Changes): Route[] =>
  sharedForReading("view", [
    ...kindRoutes(networkZoneKind, zones, changes, (_call, name) => ref("network-zone", name)),
    ...kindRoutes(
      networkZoneRecordKind,
      (_call, zone) => zones.records(zone),
      changes,
      (_call, name, zone) => zoneRecordRef(zone, name),
    ),
  ]);
