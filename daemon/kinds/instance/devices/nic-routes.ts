/** Nic routes: subnets behind a container, to which the host gets routes (ipv4.routes, ipv6.routes). */
import { addressesOf } from "../../../../sdk/api/devices/nic-values";
import { batch, batchLoosely } from "../../network/proxied";
import type { Nic } from "./nic-plan";
import type { Step } from "./step";

const subnetsOf = ({ options }: Nic): string[] => [
  ...addressesOf(options["ipv4.routes"]),
  ...addressesOf(options["ipv6.routes"]),
];

const lines = (verb: string, nic: Nic, device: string): string[] =>
  subnetsOf(nic).map((subnet) => `route ${verb} ${subnet} dev ${device}`);

/** @param device of the host by which the container is reached */
export const setRoutes = (nic: Nic, device: string): Promise<void> => batch(lines("replace", nic, device));

/** Takes the routes away; those that went with their interface are no error. */
export const dropRoutes = (nic: Nic, device: string): Promise<void> => batchLoosely(lines("del", nic, device));

export const routeSteps = (nic: Nic, device: string): Step[] =>
  subnetsOf(nic).length === 0
    ? []
    : [{ by: "daemon after", run: () => setRoutes(nic, device), undo: () => dropRoutes(nic, device) }];
