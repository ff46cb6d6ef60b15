/** Nic parents: interfaces of the host that nics stand on or are, and what their types have in common about them. */
import { createHash } from "node:crypto";
import path from "node:path";
import type { Device } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { isTrue } from "../../../../sdk/api/config/values";
import { type ApiError, badRequest } from "../../../../sdk/api/errors";
import { findLink } from "../../network/link";
import { dropVlanLink, ensureVlanLink } from "../../network/vlan-link";
import type { InstanceHome } from "../home";
import { keyOf } from "../record";
import type { Owner } from "./driver";
import type { Nic } from "./nic-plan";
import { hostDeviceOf, nicTypeOf } from "./nic-resolved";
import type { NicFacts } from "./nic-type";
import type { BeforeStep } from "./step";

export const refused = (device: string, cause: string): ApiError =>
  badRequest(`Failed start validation for device "${device}": ${cause}`);

/** The number of an interface inside, by which it is found again whatever its name is by then: too high for the kernel to come to it by counting. */
export const innerIndex = (device: string): string =>
  String(2 ** 29 + createHash("sha256").update(device).digest().readUIntBE(0, 3));

/** The file in which bothy-cell notes what a container has of the host's own interfaces (docs/native-protocol.md). */
export const movedFile = (home: InstanceHome, owner: Owner): string => path.join(home.dirs.cell(keyOf(owner)), "nics");

/** A short name for what the nic of an instance has on the host, which is found again by whoever knows both. */
export const tagOf = ({ home, owner, nic }: NicFacts): string =>
  createHash("sha256")
    .update([home.groups.name, keyOf(owner), nic.device].join("/"))
    .digest("hex")
    .slice(0, 16);

/** On interfaces that this daemon made. */
const markOf = (home: InstanceHome): string => `bothy ${home.groups.name}`;

const lockOf = (name: string): string => `nic-parents/${name}`;

/** An instance's nic, by where it is configured. */
interface Holder {
  readonly instance: string;
  readonly device: string;
  readonly options: Device;
  readonly hwaddr: string | undefined;
}

/** The nics of instances that run, or are noted as running, on an interface of the host. */
export function holdersOf(home: InstanceHome, owner: Owner, nic: Nic): Holder[] {
  const self = keyOf(owner);
  return home.book.uses().flatMap((use) => {
    const kept = instanceConfig(use.config);
    if (!home.book.running.isActive(use) && kept.get("volatile.last_state.power") !== "RUNNING") return [];
    return Object.entries(use.expandedDevices).flatMap(([device, options]) => {
      const isSelf = use.key === self && device === nic.device;
      if (options.type !== "nic" || isSelf || hostDeviceOf(home.networks, options) !== nic.parent) return [];
      return [{ instance: use.key, device, options, hwaddr: options.hwaddr || kept.get(`volatile.${device}.hwaddr`) }];
    });
  });
}

/** Those of other instances. */
const othersOf = (home: InstanceHome, owner: Owner, nic: Nic): Holder[] =>
  holdersOf(home, owner, nic).filter(({ instance }) => instance !== keyOf(owner));

/** Whether a running container has the interface already. */
const isHeld = ({ home, owner, nic }: NicFacts): boolean =>
  nic.type === "physical" &&
  home.book.running.has(owner) &&
  instanceConfig(home.book.find(owner)?.config ?? {}).get(`volatile.${nic.device}.host_name`) === nic.parent;

/** @throws ApiError BAD_REQUEST */
export async function requireParent(facts: NicFacts): Promise<void> {
  const { nic } = facts;
  const { parent = "" } = nic.options;
  if (parent === "" || isHeld(facts)) return;
  // The interface of a VLAN may be there without its parent being ours to see.
  if ((await findLink(parent)) === undefined && (await findLink(nic.parent)) === undefined)
    throw refused(nic.device, `Parent device "${parent}" doesn't exist. Correct "parent".`);
}

/** Refuses one interface for two nics where one of them is it. @throws ApiError BAD_REQUEST */
export function requireUnshared(facts: NicFacts, all: readonly Nic[]): void {
  const { home, owner, nic } = facts;
  const own = all.find((other) => other.device !== nic.device && other.parent === nic.parent);
  if (own !== undefined && [own.type, nic.type].includes("physical"))
    throw refused(
      nic.device,
      `"parent": the device "${own.device}" of the instance has "${nic.parent}" too. Choose another.`,
    );
  const holder = othersOf(home, owner, nic).find(
    ({ options }) => nic.type === "physical" || nicTypeOf(home.networks, options) === "physical",
  );
  if (holder !== undefined)
    throw refused(
      nic.device,
      `"parent": "${nic.parent}" is in use by the running instance "${holder.instance}". Stop that one, or choose another.`,
    );
}

const isSame = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && a.toLowerCase() === b?.toLowerCase();

/** Refuses a hardware address that another nic on the same parent has, of the instance or of one that runs. @throws ApiError BAD_REQUEST */
export function requireOwnHwaddr({ home, owner, nic }: NicFacts, all: readonly Nic[]): void {
  const { device, hwaddr } = nic;
  const isOwn = all.some(
    (other) => other.device !== device && other.parent === nic.parent && isSame(other.hwaddr, hwaddr),
  );
  const rival = othersOf(home, owner, nic).find((holder) => isSame(holder.hwaddr, hwaddr));
  if (isOwn || rival !== undefined)
    throw refused(
      device,
      `"hwaddr": MAC address "${hwaddr}" already defined on another NIC${rival === undefined ? " of the instance" : `: instance "${rival.instance}" has it`}. Choose another.`,
    );
}

/** Looks for the parent, and makes the interface of its VLAN. */
export function parentStep(facts: NicFacts): BeforeStep {
  const { home, nic } = facts;
  const { parent = "", vlan = "", gvrp } = nic.options;
  const { parent: name } = nic;
  return {
    by: "daemon before",
    about: `parent ${name}`,
    run: async () => {
      await requireParent(facts);
      if (vlan === "" || name === parent || isHeld(facts)) return;
      const link = { name, parent, vlan, gvrp: isTrue(gvrp) };
      await home.locks.run(lockOf(name), () => ensureVlanLink(link, markOf(home)));
    },
    undo: () => releaseParent(facts),
  };
}

/** Takes the interface of a VLAN away that we made and no other nic stands on. */
export async function releaseParent({ home, owner, nic }: NicFacts): Promise<void> {
  const { parent = "" } = nic.options;
  if (nic.parent === "" || nic.parent === parent) return;
  await home.locks.run(lockOf(nic.parent), async () => {
    if (holdersOf(home, owner, nic).length === 0) await dropVlanLink(nic.parent, markOf(home));
  });
}
