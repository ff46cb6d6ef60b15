/** Schemas: the tables of every kind. */
import { damageSchema } from "./platform/damage/store";
import { imageSchema } from "./kinds/image/store";
import { instanceSchema } from "./kinds/instance/store";
import { networkSchema } from "./kinds/network/store";
import { profileSchema } from "./kinds/profile/store";
import { serverSchema } from "./kinds/server/store";
import { snapshotSchema } from "./kinds/snapshot/store";
import { storagePoolSchema } from "./kinds/storage-pool/store";
import { warningSchema } from "./kinds/warning/store";
import type { Schema } from "./platform/database/database";

export const schemas: readonly Schema[] = [
  serverSchema,
  profileSchema,
  storagePoolSchema,
  networkSchema,
  imageSchema,
  instanceSchema,
  snapshotSchema,
  warningSchema,
  damageSchema,
];
