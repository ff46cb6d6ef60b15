/**
 * Limits of nics, at the host's end of the pair: what the container receives goes through a queue of its rate (tc), what it sends past its rate is dropped, and
 * the rest has the container's priority (nft, before the bridge sees it). The queue goes with the interface, the table by our hand.
 */
import { createHash } from "node:crypto";
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { run } from "../../../platform/processes/run";
import type { NamedDevice, Owner } from "../devices/driver";
import { nicTypeOf } from "../devices/nic-resolved";
import type { InstanceHome } from "../home";
import { type Expanded, keyOf } from "../record";

/** What a nic says: rates in bits a second. */
export interface NicLimits {
  readonly ingress?: number;
  readonly egress?: number;
  readonly priority?: number;
}

/** @param config expanded, of the instance */
export function nicLimitsOf(options: Device, config: Config): NicLimits {
  const nic = nicOptions(options);
  const both = nic.get("limits.max");
  const ingress = both ?? nic.get("limits.ingress");
  const egress = both ?? nic.get("limits.egress");
  const priority = nic.get("limits.priority") ?? instanceConfig(config).get("limits.network.priority");
  return {
    // A limit of 0 is none, and 0 is the priority that every packet has.
    ...(ingress ? { ingress } : {}),
    ...(egress ? { egress } : {}),
    ...(priority ? { priority } : {}),
  };
}

const isNone = (limits: NicLimits): boolean => Object.keys(limits).length === 0;

const isSame = (a: NicLimits, b: NicLimits): boolean =>
  a.ingress === b.ingress && a.egress === b.egress && a.priority === b.priority;

type Home = Pick<InstanceHome, "groups" | "networks">;

/** Types whose nics have an end on the host. */
const paired = ["bridged", "p2p", "routed"];

/** Found again by whoever knows the instance: the interface may be gone by then. */
const tableOf = ({ groups }: Home, owner: Owner, device: string): string => {
  const text = [groups.name, keyOf(owner), device].join("/");
  return `netdev bothy_nic_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
};

/** Naming a table first makes it when it is missing, so that delete always finds one. */
const dropTable = (table: string): string => `table ${table}\ndelete table ${table}\n`;

/** Bytes that may come at once: a tenth of a second, and never less than some of the largest packets that a nic hands over in one piece. */
const burstOf = (bytes: number): number => Math.max(Math.ceil(bytes / 10), 256 * 1024);

/** The rules for what a container sends. */
export function rulesOf(table: string, hostName: string, { egress, priority }: NicLimits): string {
  if (egress === undefined && priority === undefined) return dropTable(table);
  const bytes = Math.max(1, Math.ceil((egress ?? 0) / 8));
  const rules = [
    ...(egress === undefined
      ? []
      : [`limit rate over ${bytes} bytes/second burst ${burstOf(bytes)} bytes counter drop`]),
    ...(priority === undefined
      ? []
      : [`meta priority set ${(priority >>> 16).toString(16)}:${(priority & 0xffff).toString(16)}`]),
  ];
  const hook = `type filter hook ingress device "${hostName}" priority 0; policy accept;`;
  return `${dropTable(table)}table ${table} {\n  chain sent {\n    ${hook}\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n}\n`;
}

/** The queue for what a container receives; taken away where it is not there, or added where it is, says 2. */
async function setQueue(hostName: string, was: number | undefined, is: number | undefined): Promise<void> {
  if (was === is) return;
  const accept = [0, 2];
  if (is === undefined) return void (await run("tc", ["qdisc", "del", "dev", hostName, "root"], { accept }));
  await run("tc", ["qdisc", "add", "dev", hostName, "root", "handle", "1:", "htb", "default", "10"], { accept });
  const rate = ["htb", "rate", `${Math.max(8, is)}bit`];
  await run("tc", ["class", "replace", "dev", hostName, "parent", "1:", "classid", "1:10", ...rate]);
}

const nicsOf = (devices: Devices): NamedDevice[] => Object.entries(devices).filter(([, { type }]) => type === "nic");

const hostNameOf = (owner: Owner, [device, options]: NamedDevice): string | undefined =>
  nicOptions(options).get("host_name") ?? instanceConfig(owner.config).get(`volatile.${device}.host_name`);

/**
 * Brings the limits of a running container's nics in line.
 * @param owner with the volatile keys of the nics @param was nothing for nics that have just been made @throws ApiError INTERNAL
 */
export async function limitNics(
  home: Home,
  owner: Owner,
  was: Expanded | undefined,
  is: Expanded,
  isMeant: (device: string) => boolean = () => true,
): Promise<void> {
  for (const named of nicsOf(is.devices)) {
    const [device, options] = named;
    const hostName = hostNameOf(owner, named);
    const before = was?.devices[device];
    const had = before === undefined || was === undefined ? {} : nicLimitsOf(before, was.config);
    const has = nicLimitsOf(options, is.config);
    if (hostName === undefined || !isMeant(device) || isSame(had, has)) continue;
    if (!paired.includes(nicTypeOf(home.networks, options))) continue;
    await setQueue(hostName, had.ingress, has.ingress);
    await run("nft", ["-f", "-"], { input: rulesOf(tableOf(home, owner, device), hostName, has) });
  }
}

/** Takes away what limits of nics have left that are gone. Never rejects. @param devices by name */
export async function freeNics(home: InstanceHome, owner: Owner, devices: readonly NamedDevice[]): Promise<void> {
  const record = home.book.find(owner);
  const config = record === undefined ? {} : home.book.expanded(record).config;
  const limited = devices.filter(([, options]) => !isNone(nicLimitsOf(options, config)));
  if (limited.length === 0) return;
  const input = limited.map(([device]) => dropTable(tableOf(home, owner, device))).join("");
  await run("nft", ["-f", "-"], { input }).catch((error: unknown) =>
    home.log.warning("Cannot take away the rules of a nic that is gone", { name: owner.name, error }),
  );
}
