/** Nic pair: a veth pair between host and container. */
import type { Nic } from "./nic-plan";
import type { CellStep } from "./step";

/** @param bridge that the host's end joins; "" for none */
export const pairStep = ({ hostName, innerName, hwaddr, mtu }: Nic, bridge: string): CellStep => ({
  by: "cell",
  op: ["nic", hostName, innerName, hwaddr, mtu, bridge],
  undo: ["unplug-nic", hostName],
});
