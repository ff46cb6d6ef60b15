/** Keys that the daemon keeps of an instance. */
import { grouped, type KeyTable } from "../table";
import { anyInteger, anyText, hwaddr } from "../values";

const since = "0.1.0";

/** Key by key; other servers have more of them. */
export const keptKeys = {
  ...grouped("image", {
    "image.*": {
      type: anyText,
      computed: true,
      applies: "now",
      since,
      extension: "container_image_properties",
      example: "BusyBox",
      doc: "A property of the image that the container was made from, such as `image.os`.",
    },
  }),
  ...grouped("volatile", {
    "volatile.apply_template": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "create",
      doc: "Why the next start makes the image's file templates again: `create`, `copy` or `rename`.",
    },
    "volatile.apply_template.digests": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: '{"/etc/hostname":"nLZ6yl2rgXq4rQ5J"}',
      doc: "What the file templates were made to hold, so that the next start leaves what somebody changed. Bothy's own.",
    },
    "volatile.base_image": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "0f5d9f6a2f0b5d6f2a4dd5b0c7f5f1b9c8e1b7a0c6a5d4e3f2b1a09182736455",
      doc: "Fingerprint of the image that the container was made from.",
    },
    "volatile.cloud-init.instance-id": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "5f3c1f0e-8f0b-4d0e-9a52-0d6c7b1f4a11",
      doc: "Identifier by which cloud-init knows whether it has run. It is a new one after a rename, and when what cloud-init reads has changed.",
    },
    "volatile.idmap.base": {
      type: anyInteger,
      computed: true,
      applies: "never",
      since,
      example: "1879048192",
      doc: "First of the host ids that an unprivileged container has for itself.",
    },
    "volatile.last_state.frozen": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "true",
      doc: "Whether somebody has paused the container. Bothy's own.",
    },
    "volatile.last_state.power": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "RUNNING",
      doc: "Whether the container was running when the daemon was last there: `RUNNING` or `STOPPED`.",
    },
    "volatile.last_state.ready": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "true",
      doc: "Whether the container says that it is up (docs/guest-api.md).",
    },
    "volatile.last_state.restart": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "true",
      doc: "Whether the container is between its end and its next start. Bothy's own.",
    },
    "volatile.uuid": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "5f3c1f0e-8f0b-4d0e-9a52-0d6c7b1f4a11",
      doc: "Identifier of the container that no other one has.",
    },
    "volatile.*.host_name": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "veth1a2b3c4d",
      doc: "Name of a nic's interface on the host while the container runs.",
    },
    "volatile.*.hwaddr": {
      type: hwaddr,
      computed: true,
      applies: "next start",
      since,
      example: "00:16:3e:01:02:03",
      doc: "Hardware address of a nic that has none in its options. It is kept as long as the nic is there.",
    },
    "volatile.*.node": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "c 10:229",
      doc: "Type and numbers of the device node that a device has given to the container. Bothy's own.",
    },
    "volatile.*.name": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "eth0",
      doc: "Name of a nic's interface inside while the container runs.",
    },
  }),
} satisfies KeyTable;
