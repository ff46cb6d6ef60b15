/** Device infiniband: a port of the host's InfiniBand hardware. It can be stored, and is refused where the container would get it. */
import type { Row } from "../config/table";
import { mtu, oneOf, text } from "../config/values";
import { hostInterfaceName, innerInterfaceName } from "./interface-name";
import { commonOptions, type DeviceType } from "./type";

/** A long address, or the part of it that LXD puts behind the port's own beginning. */
const longAddress = text("InfiniBand address", (value) =>
  /^[0-9a-f]{2}(:[0-9a-f]{2}){7}$|^[0-9a-f]{2}(:[0-9a-f]{2}){19}$/i.test(value)
    ? undefined
    : "Invalid value, must be either 8 or 20 bytes of hex separated by colons",
);

const since = "0.1.0";

const options = {
  nictype: {
    type: oneOf("physical", "sriov"),
    required: true,
    applies: "now",
    since,
    example: "physical",
    doc: "What the container gets. `physical`: the port itself. `sriov`: a virtual function of it.",
  },
  parent: {
    type: hostInterfaceName,
    required: true,
    applies: "now",
    since,
    example: "ib0",
    doc: "Interface of the port on the host.",
  },
  name: {
    type: innerInterfaceName,
    unset: "one that the kernel has",
    applies: "now",
    since,
    example: "ib0",
    doc: "Name of the interface inside.",
  },
  hwaddr: {
    type: longAddress,
    unset: "that of the port",
    applies: "now",
    since,
    example: "a0:00:0f:c0:fe:80:00:00:00:00:00:00:4a:c8:f9:1b:aa:57:ef:19",
    doc: "Address of the interface inside: all 20 bytes, or the last 8.",
  },
  mtu: {
    type: mtu,
    unset: "that of the port",
    applies: "now",
    since,
    example: "2044",
    doc: "Largest packet of the interface inside, in bytes.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

export const infiniband: DeviceType = {
  doc: "A port of the host's InfiniBand hardware. It can be stored and is refused at a start: handing such ports on is not here yet.",
  options,
  rules: () => [],
};
