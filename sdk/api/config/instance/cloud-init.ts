/** Keys of cloud-init. */
import { grouped } from "../table";
import { anyText } from "../values";

const since = "0.1.0";

export const cloudInitKeys = grouped("cloud-init", {
  "cloud-init.network-config": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "cloud_init",
    example: "version: 2",
    doc: "Network configuration for cloud-init. The image's file templates give it to the guest.",
  },
  "cloud-init.user-data": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "cloud_init",
    example: "#cloud-config",
    doc: "The user's data for cloud-init. The image's file templates give it to the guest.",
  },
  "cloud-init.vendor-data": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "cloud_init",
    example: "#cloud-config",
    doc: "The vendor's data for cloud-init. The image's file templates give it to the guest.",
  },
});
