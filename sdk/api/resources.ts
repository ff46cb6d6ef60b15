/** Resources: the host's processors, memory and disks (docs/lxd-api.md, Server). */
import * as z from "zod";
import { means } from "./means";

const Thread = z.looseObject({
  id: z.number(),
  thread: z.number(),
  online: z.boolean(),
  numa_node: z.number().default(0),
});
const Core = z.looseObject({
  core: z.number(),
  threads: z.array(Thread),
  frequency: means(z.number().optional(), "MHz."),
});
const Socket = z.looseObject({
  socket: z.number(),
  name: z.string().optional(),
  vendor: z.string().optional(),
  cores: z.array(Core),
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
      used: z.number(),
      total: z.number(),
      hugepages_used: z.number().default(0),
      hugepages_total: z.number().default(0),
      hugepages_size: z.number().default(0),
    }),
    "Bytes.",
  ),
  storage: z.looseObject({ disks: z.array(Disk), total: z.number() }),
});
export type Resources = z.infer<typeof Resources>;
