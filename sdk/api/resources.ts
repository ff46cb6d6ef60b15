/** Resources: the host's hardware (docs/lxd-api.md, Server). What a host does not tell is absent. */
import * as z from "zod";
import { means } from "./means";

const Thread = z.looseObject({
  id: z.number(),
  thread: z.number(),
  online: z.boolean(),
  numa_node: z.number().default(0),
  isolated: means(z.boolean().optional(), "Whether the kernel keeps it free of ordinary work."),
});
const Core = z.looseObject({
  core: z.number(),
  die: z.number().optional(),
  threads: z.array(Thread),
  frequency: means(z.number().optional(), "MHz."),
});
const Socket = z.looseObject({
  socket: z.number(),
  name: z.string().optional(),
  vendor: z.string().optional(),
  cache: z.array(z.looseObject({ level: z.number(), type: z.string(), size: means(z.number(), "Bytes.") })).optional(),
  cores: z.array(Core),
  frequency: means(z.number().optional(), "MHz, the mean of its cores."),
  frequency_minimum: means(z.number().optional(), "MHz."),
  frequency_turbo: means(z.number().optional(), "MHz."),
});
const Node = z.looseObject({
  numa_node: z.number(),
  hugepages_used: z.number(),
  hugepages_total: z.number(),
  used: z.number(),
  total: z.number(),
});
const Driver = { driver: z.string().optional(), driver_version: z.string().optional() };
const Identity = {
  vendor: z.string().optional(),
  vendor_id: z.string().optional(),
  product: z.string().optional(),
  product_id: z.string().optional(),
};
const Place = {
  numa_node: z.number().default(0),
  pci_address: z.string().optional(),
  usb_address: z.string().optional(),
};
const Port = z.looseObject({
  id: means(z.string(), "Name of the interface."),
  address: means(z.string().optional(), "Hardware address."),
  port: z.number(),
  protocol: means(z.string(), "`ethernet` or `infiniband`."),
  link_detected: z.boolean(),
  link_speed: means(z.number().optional(), "Mbit/s."),
  link_duplex: means(z.string().optional(), "`full` or `half`."),
});
const functions = <T extends z.ZodType>(card: T) =>
  z.looseObject({ current_vfs: z.number(), maximum_vfs: z.number(), vfs: z.array(card).nullable() }).optional();
const NetworkCard = z.looseObject({ ...Driver, ports: z.array(Port).optional(), ...Place, ...Identity });
const GpuCard = z.looseObject({
  ...Driver,
  drm: z.looseObject({ id: z.number(), card_name: z.string(), card_device: z.string() }).optional(),
  ...Place,
  ...Identity,
});
const UsbDevice = z.looseObject({
  bus_address: z.number(),
  device_address: z.number(),
  speed: means(z.number(), "Mbit/s."),
  ...Identity,
});
const PciDevice = z.looseObject({
  ...Driver,
  numa_node: z.number(),
  pci_address: z.string(),
  ...Identity,
  iommu_group: z.number().optional(),
  vpd: z
    .looseObject({ product_name: z.string().optional(), entries: z.record(z.string(), z.string()).optional() })
    .optional(),
});
const System = z.looseObject({
  uuid: z.string(),
  vendor: z.string(),
  product: z.string(),
  family: z.string(),
  version: z.string(),
  sku: z.string(),
  serial: z.string(),
  type: means(z.string(), "`physical`, `virtual-machine` or `container`."),
  firmware: z.looseObject({ vendor: z.string(), date: z.string(), version: z.string() }).nullable(),
  chassis: z.looseObject({ vendor: z.string(), type: z.string(), serial: z.string(), version: z.string() }).nullable(),
  motherboard: z
    .looseObject({ vendor: z.string(), product: z.string(), serial: z.string(), version: z.string() })
    .nullable(),
});
const Disk = z.looseObject({
  id: z.string(),
  device: z.string(),
  size: means(z.number(), "Bytes."),
  read_only: z.boolean(),
  type: z.string(),
});

export const Resources = z.looseObject({
  cpu: z.looseObject({ architecture: z.string(), sockets: z.array(Socket), total: z.number() }),
  memory: means(
    z.looseObject({
      nodes: z.array(Node).nullable().optional(),
      used: z.number(),
      total: z.number(),
      hugepages_used: z.number().default(0),
      hugepages_total: z.number().default(0),
      hugepages_size: z.number().default(0),
    }),
    "Bytes.",
  ),
  gpu: z
    .looseObject({
      cards: z.array(z.looseObject({ ...GpuCard.shape, sriov: functions(GpuCard) })).nullable(),
      total: z.number(),
    })
    .optional(),
  network: z
    .looseObject({
      cards: z.array(z.looseObject({ ...NetworkCard.shape, sriov: functions(NetworkCard) })).nullable(),
      total: z.number(),
    })
    .optional(),
  storage: z.looseObject({ disks: z.array(Disk), total: z.number() }),
  usb: z.looseObject({ devices: z.array(UsbDevice).nullable(), total: z.number() }).optional(),
  pci: z.looseObject({ devices: z.array(PciDevice).nullable(), total: z.number() }).optional(),
  system: System.nullable().optional(),
});
export type Resources = z.infer<typeof Resources>;
