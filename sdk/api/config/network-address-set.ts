/** Configuration keys of network address sets. */
import { grouped, type KeyTable } from "./table";
import { anyText } from "./values";

export const networkAddressSetKeys = {
  ...grouped("user", {
    "user.*": {
      type: anyText,
      secret: true,
      applies: "now",
      since: "0.1.0",
      extension: "network_address_set",
      example: "lab",
      doc: "Free for the user.",
    },
  }),
} satisfies KeyTable;
