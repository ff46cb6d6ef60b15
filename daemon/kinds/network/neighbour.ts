/** Neighbours: whether somebody on an interface of the host has an address. The kernel asks, by ARP or neighbour discovery, when it is told to (ip-neighbour(8), `use`). */
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { run } from "../../platform/processes/run";

/** As long as somebody on the same line takes to answer, with room. */
const patienceMs = 500;
const pauseMs = 25;

const Neighbours = z.array(z.looseObject({ lladdr: z.string().optional(), state: z.array(z.string()).default([]) }));

async function isKnown(address: string, device: string): Promise<boolean> {
  const { stdout } = await run("ip", ["-j", "neigh", "show", address, "dev", device], { accept: [0, 1, 2] });
  const found = stdout.trim() === "" ? [] : Neighbours.parse(JSON.parse(stdout));
  return found.some(({ lladdr, state }) => lladdr !== undefined && !state.includes("FAILED"));
}

/** Asks, and waits half a second for an answer. */
export async function hasNeighbour(address: string, device: string): Promise<boolean> {
  const forget = () => run("ip", ["neigh", "del", address, "dev", device], { accept: [0, 1, 2] });
  // What the kernel knows of before may be somebody who is gone.
  await forget();
  const asked = await run("ip", ["neigh", "replace", address, "dev", device, "nud", "none", "use"], {
    accept: [0, 1, 2],
  });
  if (asked.code !== 0) return false;
  try {
    for (const end = Date.now() + patienceMs; Date.now() < end; await delay(pauseMs))
      if (await isKnown(address, device)) return true;
    return false;
  } finally {
    await forget();
  }
}
