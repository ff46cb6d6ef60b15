/** Net state: the interfaces of a running container. */
import * as z from "zod";
import type { CellConnection } from "./connection";

const NetInterface = z.object({
  name: z.string(),
  hwaddr: z.string(),
  mtu: z.number(),
  up: z.boolean(),
  type: z.string(),
  addresses: z.array(z.object({ family: z.string(), address: z.string(), netmask: z.string(), scope: z.string() })),
  counters: z.object({
    bytesReceived: z.number(),
    bytesSent: z.number(),
    packetsReceived: z.number(),
    packetsSent: z.number(),
    errorsReceived: z.number(),
    errorsSent: z.number(),
    packetsDroppedInbound: z.number(),
    packetsDroppedOutbound: z.number(),
  }),
});
export type NetInterface = z.infer<typeof NetInterface>;

const Answer = z.object({ interfaces: z.array(NetInterface) });

/** Reads the answer to net-state. */
export async function readNetState(connection: CellConnection): Promise<NetInterface[]> {
  try {
    return Answer.parse(await connection.need()).interfaces;
  } finally {
    connection.close();
  }
}

/** Reads the answers to a net-state that goes on, until its connection ends. */
export async function* followNetState(connection: CellConnection): AsyncGenerator<NetInterface[]> {
  try {
    for (;;) {
      const line = await connection.line();
      if (line === undefined) return;
      yield Answer.parse(line).interfaces;
    }
  } finally {
    connection.close();
  }
}
