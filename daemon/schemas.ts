/** Schemas: the tables of every kind. */
import { damageSchema } from "./damage/store";
import type { Schema } from "./database";
import { imageSchema } from "./image/store";
import { instanceSchema } from "./instance/store";
import { networkSchema } from "./network/store";
import { profileSchema } from "./profile/store";
import { serverSchema } from "./server/store";
import { snapshotSchema } from "./snapshot/store";
import { storagePoolSchema } from "./storage-pool/store";
import { warningSchema } from "./warning/store";

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
