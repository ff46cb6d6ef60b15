/** Configuration keys of network forwards. */
import { isIP } from "node:net";
import { readerOf } from "./reader";
import { grouped, type KeyTable } from "./table";
import { anyText, text } from "./values";

const since = "0.1.0";
const extension = "network_forward";

const address = text("IP address", (value) =>
  isIP(value) === 0 || value.includes("%") ? `Not an IP address "${value}"` : undefined,
);

export const networkForwardKeys = {
  ...grouped("target", {
    target_address: {
      type: address,
      unset: "what no port names is not forwarded",
      applies: "now",
      since,
      extension,
      example: "10.1.2.20",
      doc: "Where all goes that none of the ports takes, whatever its protocol: an address of the network's subnet.",
    },
  }),
  ...grouped("user", {
    "user.*": {
      type: anyText,
      secret: true,
      applies: "now",
      since,
      extension,
      example: "lab",
      doc: "Free for the user.",
    },
  }),
} satisfies KeyTable;

/** Reads the configuration of a network forward. */
export const networkForwardConfig = readerOf(networkForwardKeys);
