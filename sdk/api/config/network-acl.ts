/** Configuration keys of network ACLs. */
import { grouped, type KeyTable } from "./table";
import { anyText } from "./values";

export const networkAclKeys = {
  ...grouped("user", {
    "user.*": {
      type: anyText,
      secret: true,
      applies: "now",
      since: "0.1.0",
      example: "lab",
      doc: "Free for the user.",
    },
  }),
} satisfies KeyTable;
