/** Routes: the whole API, as the concatenation of every kind's table. */

import type { Route, UpgradeRoute } from "./http/route";
import { eventRoutes, eventUpgrades } from "./kinds/event/routes";
import { imageRoutes } from "./kinds/image/routes";
import { instanceRoutes } from "./kinds/instance/routes";
import { networkRoutes } from "./kinds/network/routes";
import { operationRoutes, operationUpgrades } from "./kinds/operation/routes";
import { profileRoutes } from "./kinds/profile/routes";
import { resourcesRoutes } from "./kinds/resources/routes";
import { serverRoutes } from "./kinds/server/routes";
import { snapshotRoutes } from "./kinds/snapshot/routes";
import { storagePoolRoutes } from "./kinds/storage-pool/routes";
import { warningRoutes } from "./kinds/warning/routes";

export const allRoutes: readonly Route[] = [
  ...serverRoutes,
  ...resourcesRoutes,
  ...operationRoutes,
  ...eventRoutes,
  ...warningRoutes,
  ...profileRoutes,
  ...storagePoolRoutes,
  ...networkRoutes,
  ...imageRoutes,
  ...instanceRoutes,
  ...snapshotRoutes,
];

export const allUpgrades: readonly UpgradeRoute[] = [...eventUpgrades, ...operationUpgrades];
