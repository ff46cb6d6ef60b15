/** State: what a running container uses now (docs/lxd-api.md, Instances). */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { InstanceState } from "../../../../sdk/api/instance";
import { statusCodes } from "../../../../sdk/api/operation";
import { type CgroupLayout, controllerDir } from "../../../platform/host/cgroups";
import type { NetInterface } from "../../../platform/native/index";
import type { VolumeUsage } from "../../storage-pool/driver";

export interface StateFacts {
  readonly layout: CgroupLayout;
  readonly group: string;
  readonly pid: number;
  readonly status: "Running" | "Ready" | "Frozen";
  readonly interfaces: readonly NetInterface[];
  /** Inner interface name to the host's end. */
  readonly hostNames: Readonly<Record<string, string>>;
  readonly root: VolumeUsage | undefined;
}

const noMemory = { usage: 0, usage_peak: 0, swap_usage: 0, swap_usage_peak: 0 };

export const stoppedState = (root: VolumeUsage | undefined): InstanceState => ({
  status: "Stopped",
  status_code: statusCodes.Stopped,
  pid: 0,
  processes: 0,
  cpu: { usage: 0 },
  memory: noMemory,
  disk: disks(root),
  network: null,
});

/** Nothing of a root about which the pool's driver cannot tell; no total for one that nothing bounds. */
const disks = (root: VolumeUsage | undefined): InstanceState["disk"] =>
  root === undefined ? {} : { root: { usage: root.used, ...(root.total === undefined ? {} : { total: root.total }) } };

/** The state as the control groups and the network namespace tell it; sizes in bytes, processor time in nanoseconds. */
export function runningState(facts: StateFacts): InstanceState {
  return {
    status: facts.status,
    status_code: statusCodes[facts.status],
    pid: facts.pid,
    processes: processes(facts),
    cpu: { usage: cpuNanoseconds(facts) },
    memory: memory(facts),
    disk: disks(facts.root),
    network: Object.fromEntries(facts.interfaces.map((item) => [item.name, network(item, facts.hostNames)])),
  };
}

/** A number of a control file; 0 when this kernel lacks the file. */
function number(dir: string, file: string): number {
  try {
    return Number(readFileSync(path.join(dir, file), "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "EOPNOTSUPP") return 0;
    throw error;
  }
}

function processes({ layout, group }: StateFacts): number {
  const dir = controllerDir(layout, "pids", group);
  return dir === undefined ? -1 : number(dir.path, "pids.current");
}

function cpuNanoseconds({ layout, group }: StateFacts): number {
  const v1 = layout.v1.get("cpuacct");
  if (v1 !== undefined) return number(path.join(v1, group), "cpuacct.usage");
  if (layout.v2 === undefined) return 0;
  const stat = readFileSync(path.join(layout.v2, group, "cpu.stat"), "utf8");
  return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000;
}

function memory({ layout, group }: StateFacts): InstanceState["memory"] {
  const dir = controllerDir(layout, "memory", group);
  if (dir === undefined) return noMemory;
  if (dir.version === 2)
    return {
      usage: number(dir.path, "memory.current"),
      usage_peak: number(dir.path, "memory.peak"),
      swap_usage: number(dir.path, "memory.swap.current"),
      swap_usage_peak: number(dir.path, "memory.swap.peak"),
    };
  const usage = number(dir.path, "memory.usage_in_bytes");
  const peak = number(dir.path, "memory.max_usage_in_bytes");
  return {
    usage,
    usage_peak: peak,
    // memsw counts memory and swap together.
    swap_usage: Math.max(0, number(dir.path, "memory.memsw.usage_in_bytes") - usage),
    swap_usage_peak: Math.max(0, number(dir.path, "memory.memsw.max_usage_in_bytes") - peak),
  };
}

function network(item: NetInterface, hostNames: Readonly<Record<string, string>>) {
  return {
    addresses: item.addresses,
    counters: {
      bytes_received: item.counters.bytesReceived,
      bytes_sent: item.counters.bytesSent,
      packets_received: item.counters.packetsReceived,
      packets_sent: item.counters.packetsSent,
      errors_received: item.counters.errorsReceived,
      errors_sent: item.counters.errorsSent,
      packets_dropped_inbound: item.counters.packetsDroppedInbound,
      packets_dropped_outbound: item.counters.packetsDroppedOutbound,
    },
    hwaddr: item.type === "loopback" ? "" : item.hwaddr,
    host_name: hostNames[item.name] ?? "",
    mtu: item.mtu,
    state: item.up ? "up" : "down",
    type: item.type,
  };
}
