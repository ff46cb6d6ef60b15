/** Addresses: where others reach what listens here. */
import os from "node:os";
import { type ListenAddress, listenAddressText } from "../../../sdk/api/config/listen-address";

/** @returns host and port for each address of this host when it listens on all of them, else the one; those of the loopback only when there are no others */
export function reachableAddresses({ host, port }: ListenAddress): string[] {
  const isWild = host === "" || host === "::" || host === "0.0.0.0";
  if (!isWild) return [listenAddressText({ host, port })];
  const all = Object.values(os.networkInterfaces()).flatMap((found) => found ?? []);
  const global = all.filter(
    ({ internal, family, scopeid }) => !internal && !scopeid && (host !== "0.0.0.0" || family === "IPv4"),
  );
  const reached = global.length > 0 ? global.map(({ address }) => address) : ["127.0.0.1"];
  return reached.map((address) => listenAddressText({ host: address, port }));
}
