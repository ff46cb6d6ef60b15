/** Warning types: what the daemon warns of. Texts that LXD 5.0.2 has are LXD's (docs/lxd-api.md, Warnings); the others are our own. */
import type { WarningSeverity } from "../../../sdk/api/warning";

interface WarningType {
  /** Shown as the warning's type; clients match it, so it never changes once released. */
  readonly text: string;
  readonly severity: WarningSeverity;
  /** Stays until a client deletes it: no later start looks at its cause again. */
  readonly lasts?: true;
}

const table = {
  // LXD's.
  cgroupBlkio: { text: "Couldn't find the CGroup blkio", severity: "low" },
  cgroupCpu: { text: "Couldn't find the CGroup CPU controller", severity: "low" },
  cgroupCpuset: { text: "Couldn't find the CGroup CPUset controller", severity: "low" },
  cgroupDevices: { text: "Couldn't find the CGroup devices controller", severity: "low" },
  cgroupFreezer: { text: "Couldn't find the CGroup freezer controller", severity: "low" },
  cgroupMemory: { text: "Couldn't find the CGroup memory controller", severity: "low" },
  cgroupPids: { text: "Couldn't find the CGroup pids controller", severity: "low" },
  cgroupSwap: { text: "Couldn't find the CGroup memory swap accounting", severity: "low" },
  appArmor: { text: "AppArmor support has been disabled", severity: "low" },
  networkUnavailable: { text: "Network unavailable", severity: "high" },
  autostartFailed: { text: "Failed to autostart instance", severity: "low" },
  instanceType: { text: "Instance type not operational", severity: "low" },
  poolUnavailable: { text: "Storage pool unavailable", severity: "high" },
  // Our own.
  deviceRules: { text: "Device rules not in force", severity: "high" },
  instanceAlive: { text: "Instance does not end", severity: "high" },
  storageDriver: { text: "Storage driver not available", severity: "moderate", lasts: true },
  supervisorVersion: { text: "Supervisor of another version", severity: "moderate" },
  dnsmasqEnds: { text: "DHCP and DNS of the network keep ending", severity: "high" },
  hostPolicy: { text: "Host's firewall keeps packets of the network back", severity: "moderate" },
  uplink: { text: "Networks without a way out of the host", severity: "moderate" },
  lxcfs: { text: "LXCFS not available", severity: "low" },
  instanceUnknown: { text: "Cannot find out whether the instance runs", severity: "high" },
  databaseDamaged: { text: "Database damaged", severity: "high" },
  databaseFull: { text: "No space left for the database", severity: "high" },
  databaseLogMissing: { text: "Log of the database missing", severity: "high", lasts: true },
  databaseNotCopied: { text: "Database cannot be copied", severity: "low" },
  databaseRestored: { text: "Database restored from a copy", severity: "high", lasts: true },
  objectDamaged: { text: "Stored object damaged", severity: "high" },
  instanceStray: { text: "Unknown container runs", severity: "high" },
  leftover: { text: "Leftover cannot be removed", severity: "moderate" },
  bgp: { text: "Routes are not announced by BGP", severity: "moderate" },
  dnsAddress: { text: "Cannot listen for peers of network zones", severity: "high" },
  httpsAddress: { text: "Cannot listen for HTTPS", severity: "high" },
  metricsAddress: { text: "Cannot listen for readers of metrics", severity: "high" },
  serverCertificate: { text: "Server certificate not usable", severity: "high", lasts: true },
  imageMissing: { text: "Image file missing", severity: "high" },
  stateStray: { text: "Unknown files in the state folder", severity: "low" },
  volumeMissing: { text: "Storage volume missing", severity: "high" },
  volumeUnavailable: { text: "Storage volume unavailable", severity: "high" },
  volumeStray: { text: "Storage volume belongs to nobody", severity: "low" },
} as const satisfies Record<string, WarningType>;

export type WarningKind = keyof typeof table;

export const warningTypes: Readonly<Record<WarningKind, WarningType>> = table;

/** @returns the type that has this text, or nothing when it is one of another Bothy */
export const kindOf = (text: string): WarningKind | undefined =>
  (Object.keys(table) as WarningKind[]).find((kind) => table[kind].text === text);
