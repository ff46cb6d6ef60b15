/** Way: how bytes or questions go from one container to another, or to who answers for names. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import type { Subject } from "../subject";

export interface Way {
  /** A column of the table. */
  readonly name: string;
  /** Runs the program of wire.c in the container at the way's beginning. @returns the microseconds that it prints */
  readonly wire: (verb: "send" | "turns" | "ask", ...words: (string | number)[]) => Promise<number>;
  /** IPv4 address of the way's end. */
  readonly to: string;
}

const inside = "/wire";

/** Builds wire.c, static. @returns its path */
export function buildWire(folder: string): string {
  const target = path.join(folder, "wire");
  const source = path.resolve(__dirname, "../../../bench/ways/wire.c");
  execFileSync("musl-gcc", ["-static", "-O2", "-o", target, source]);
  return target;
}

/** Makes a container with the program, which runs. @param pool of its root @param network that its nic is on @param wire the program */
export async function launchWith(
  own: Subject,
  { name, pool, network, wire }: { name: string; pool: string; network: string; wire: string },
): Promise<void> {
  await own.create(name, "small", pool, { eth0: { type: "nic", network } });
  await own.start(name);
  await own.give(name, wire, inside);
}

/** Gives an interface in a container an address, and brings it up. */
export async function addressIn(own: Subject, instance: string, link: string, cidr: string): Promise<void> {
  await own.output(instance, ["ip", "address", "add", cidr, "dev", link]);
  await own.output(instance, ["ip", "link", "set", "dev", link, "up"]);
}

/** Has a container listen in the background, for as long as it runs. */
export const serveIn = (own: Subject, instance: string, port: number): Promise<string> =>
  own.output(instance, [inside, "serve", String(port)]);

export const wayFrom = (own: Subject, instance: string, name: string, to: string): Way => ({
  name,
  to,
  wire: async (verb, ...words) => {
    const printed = Number(await own.output(instance, [inside, verb, to, ...words.map(String)]));
    if (!(printed > 0)) throw new Error(`wire ${verb} in ${instance} printed no figure`);
    return printed;
  },
});
