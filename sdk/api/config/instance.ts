/** Configuration keys of instances and profiles; every key here has an effect. */
import { bootKeys } from "./instance/boot";
import { cloudInitKeys } from "./instance/cloud-init";
import { keptKeys } from "./instance/kept";
import { limitKeys } from "./instance/limits";
import { linuxKeys } from "./instance/linux";
import { ociKeys } from "./instance/oci";
import { rawKeys } from "./instance/raw";
import { securityKeys } from "./instance/security";
import { snapshotKeys } from "./instance/snapshots";
import { environmentKeys, userKeys } from "./instance/user";
import { readerOf } from "./reader";
import { grouped, type KeyTable } from "./table";
import { anyText } from "./values";

const since = "0.1.0";

/** Keys that a user sets, of an instance or of a profile. */
export const instanceKeys = {
  ...bootKeys,
  ...cloudInitKeys,
  ...environmentKeys,
  ...limitKeys,
  ...linuxKeys,
  ...ociKeys,
  ...rawKeys,
  ...securityKeys,
  ...snapshotKeys,
  ...userKeys,
} satisfies KeyTable;

/** Keys that the daemon fills itself: kept when a client sends them back. Other servers and other versions have more of them. */
export const volatileKeys = {
  ...keptKeys,
  ...grouped("volatile", {
    "volatile.*": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "1",
      doc: "Any other key that a server keeps for itself.",
    },
  }),
} satisfies KeyTable;

/** What an instance may have. */
export const allInstanceKeys: KeyTable = { ...instanceKeys, ...volatileKeys };

/** Reads the configuration of an instance, with its profiles or alone. */
export const instanceConfig = readerOf({ ...instanceKeys, ...keptKeys });
