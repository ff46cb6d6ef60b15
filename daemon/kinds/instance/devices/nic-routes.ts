/** Nic routes: subnets behind a container, to which the host gets routes (ipv4.routes, ipv6.routes). */
import { addressesOf } from "../../../../sdk/api/devices/nic-values";
import { badRequest } from "../../../../sdk/api/errors";
import { run } from "../../../platform/processes/run";
import { batchLoosely } from "../../network/proxied";
import type { Nic } from "./nic-plan";
import type { Step } from "./step";

const subnetsOf = ({ options }: Nic): string[] => [
  ...addressesOf(options["ipv4.routes"]),
  ...addressesOf(options["ipv6.routes"]),
];

/** Takes no route away that the host has to the same subnet, but for one that leads to the same place. @throws ApiError BAD_REQUEST */
export async function setRoute(subnet: string, words: readonly string[], device: string): Promise<void> {
  const { code, stderr } = await run("ip", ["route", "add", subnet, ...words], { accept: [0, 2] });
  if (code === 0) return;
  const { stdout } = await run("ip", [subnet.includes(":") ? "-6" : "-4", "route", "show", "exact", subnet]);
  if (stdout.includes(` dev ${device} `)) return;
  const option = subnet.includes(":") ? "ipv6.routes" : "ipv4.routes";
  throw badRequest(
    `Cannot have the host route ${subnet} to the container ("${option}"): ${stdout.trim() || stderr.trim()}. Take that away, or choose another subnet.`,
  );
}

/** @param device of the host by which the container is reached */
export async function setRoutes(nic: Nic, device: string): Promise<void> {
  for (const subnet of subnetsOf(nic)) await setRoute(subnet, ["dev", device], device);
}

/** Takes the routes away; those that went with their interface are no error. */
export const dropRoutes = (nic: Nic, device: string): Promise<void> =>
  batchLoosely(subnetsOf(nic).map((subnet) => `route del ${subnet} dev ${device}`));

export const routeSteps = (nic: Nic, device: string): Step[] =>
  subnetsOf(nic).length === 0
    ? []
    : [{ by: "daemon after", run: () => setRoutes(nic, device), undo: () => dropRoutes(nic, device) }];
