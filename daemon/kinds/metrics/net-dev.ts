/** Net dev: counters of a container's interfaces, from /proc/PID/net/dev of its first process: no process is made for it. */
import type { FamilyName, Sample } from "./families";
import { readOrNothing } from "./group-usage";

/** Columns of the file, which is the same on every kernel since 2.6. */
const columns: readonly (readonly [FamilyName, number])[] = [
  ["lxd_network_receive_bytes_total", 0],
  ["lxd_network_receive_packets_total", 1],
  ["lxd_network_receive_errs_total", 2],
  ["lxd_network_receive_drop_total", 3],
  ["lxd_network_transmit_bytes_total", 8],
  ["lxd_network_transmit_packets_total", 9],
  ["lxd_network_transmit_errs_total", 10],
  ["lxd_network_transmit_drop_total", 11],
];

/** A guest may make as many interfaces as it likes. */
const mostInterfaces = 64;

/** @param text of /proc/PID/net/dev. Names are the guest's, and hold neither slashes nor blanks */
export function parseNetDev(text: string): Sample[] {
  const lines = text.split("\n").slice(2, 2 + mostInterfaces);
  return lines.flatMap((line) => {
    const [, device, rest] = /^\s*(\S+):\s*(\d.*)$/.exec(line) ?? [];
    if (device === undefined || rest === undefined) return [];
    const numbers = rest.trim().split(/\s+/).map(Number);
    return columns.map(([family, column]) => ({ family, labels: { device }, value: numbers[column] ?? 0 }));
  });
}

/** Nothing when the process is another one by now. */
export function networkSamples({ pid, startTime }: { readonly pid: number; readonly startTime: number }): Sample[] {
  if (pid === 0) return [];
  const text = readOrNothing(`/proc/${pid}/net/dev`);
  // Looked at afterwards: then what was read was the container's.
  const stat = readOrNothing(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return text === undefined || Number(fields?.[19]) !== startTime ? [] : parseNetDev(text);
}
