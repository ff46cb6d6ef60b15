/** Routes: the whole API, as the concatenation of every kind's table. */
import { eventRoutes, eventUpgrades } from "./event/routes";
import { imageRoutes } from "./image/routes";
import { instanceRoutes } from "./instance/routes";
import { networkRoutes } from "./network/routes";
import { operationRoutes, operationUpgrades } from "./operation/routes";
import { profileRoutes } from "./profile/routes";
import { resourcesRoutes } from "./resources/routes";
import type { Route, UpgradeRoute } from "./route";
import { serverRoutes } from "./server/routes";
import { snapshotRoutes } from "./snapshot/routes";
import { storagePoolRoutes } from "./storage-pool/routes";
import { warningRoutes } from "./warning/routes";

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
