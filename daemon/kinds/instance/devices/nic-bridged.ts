/** Nic of the type bridged: a port of a network of the server, or of a bridge of the host. */
import type { Config, Device } from "../../../../sdk/api/common";
import { isTrue } from "../../../../sdk/api/config/values";
import { ApiError, badRequest, conflict, notFound } from "../../../../sdk/api/errors";
import { defaultProject } from "../../../core/call";
import { toApiError } from "../../../platform/errors";
import { hasIpv4, hasIpv6, isIsolated } from "../../network/config";
import type { NetworkHost } from "../../network/driver";
import { fixedOf } from "../../network/fixed-options";
import { findLink } from "../../network/link";
import { portFilterOf } from "../../network/port-filter";
import { rivalOf } from "../../network/usage";
import { keyOf } from "../record";
import type { Owner } from "./driver";
import { portOf, requireAcls } from "./nic-acls";
import { applyFilter, dropFilter, filterSteps } from "./nic-filter";
import type { Nic } from "./nic-plan";
import { portSteps } from "./nic-port";
import { dropRoutes, routeSteps, setRoutes } from "./nic-routes";
import type { NicFacts, NicType } from "./nic-type";
import type { AfterStep, BeforeStep, Step } from "./step";

function check({ home, owner, nic }: NicFacts): void {
  const { device, network, bridge } = nic;
  requireFilterable(device, nic.options, home.networks.isManaged(bridge));
  requireRouted(home.networks.find(bridge)?.config, nic);
  if (network && !home.networks.isManaged(network))
    throw notFound(
      `Failed loading network "${network}" of device "${device}": Network not found. Create it, or correct the device.`,
    );
  requireAcls(home, nic, `Device validation failed for "${device}"`);
  if (home.networks.isManaged(bridge)) home.networks.checkHost(bridge, networkHost(owner, { ...nic, own: undefined }));
}

/** What a nic may reach is judged where the host routes. @param config of the network, where it is one of the server @throws ApiError BAD_REQUEST */
function requireRouted(config: Config | undefined, { device, options }: Nic): void {
  const isRouted = config && (hasIpv4(config) || hasIpv6(config)) && !isIsolated(config);
  if (portFilterOf(options).egress === undefined || isRouted) return;
  throw badRequest(
    `Device validation failed for "${device}": "security.egress.allow" needs a network of the server that has an ipv4.address or ipv6.address`,
  );
}

/** An address counts on a bridge of the host for the filter alone: nobody gives it to the container. @throws ApiError BAD_REQUEST */
function requireFilterable(device: string, options: Device, isManaged: boolean): void {
  for (const [family, title] of [
    ["ipv4", "IPv4"],
    ["ipv6", "IPv6"],
  ] as const) {
    const refuse = (why: string) => badRequest(`Device validation failed for "${device}": ${why}`);
    const isFiltered = isTrue(options[`security.${family}_filtering`]);
    const address = options[`${family}.address`];
    if (isFiltered && !address && !isManaged)
      throw refuse(
        `${title} filtering requires a manually specified ${family}.address when using an unmanaged parent bridge`,
      );
    if (!isFiltered && address === "none")
      throw refuse(`Cannot have ${family}.address as none unless using security.${family}_filtering`);
    if (!isFiltered && address && !isManaged)
      throw refuse(`Cannot use manually specified ${family}.address when using unmanaged parent bridge`);
  }
}

const checkRivals: NicType["checkRivals"] = ({ home, owner, device, options }) => {
  const bridge = options.network ?? options.parent;
  const { ipv4, ipv6 } = fixedOf(options);
  if (!bridge || !(ipv4 || ipv6 || options.hwaddr)) return;
  const nic = { instance: keyOf(owner), device, ipv4, ipv6, hwaddr: options.hwaddr };
  const rival = rivalOf(home.book.uses(), bridge, nic);
  if (rival !== undefined)
    throw conflict(
      `Failed update validation for device "${device}": ${rival.address} already defined on another NIC: instance "${rival.instance}" has it. Choose another.`,
    );
};

const refused = (device: string, cause: string) =>
  badRequest(`Failed start validation for device "${device}": ${cause}`);

/** Fixed addresses that the network can give, and that no running instance has; of two nics of its own neither. */
function checkStart({ home, owner, nic }: NicFacts, all: readonly Nic[]): void {
  const { device, options, hwaddr, ipv4, network, bridge } = nic;
  const isManaged = home.networks.isManaged(bridge);
  if (network && !isManaged)
    throw refused(
      device,
      `Failed to load network "${network}" for project "default": Network not found. Create it, or change the device.`,
    );
  requireAcls(home, nic, `Failed start validation for device "${device}"`);
  const { ipv6 } = fixedOf(options);
  if (isManaged) home.networks.checkHost(bridge, networkHost(owner, { ...nic, own: undefined }));
  const isOwnRival = all.some(
    (other) =>
      other.device !== device &&
      other.bridge === bridge &&
      (other.hwaddr === hwaddr ||
        (ipv4 !== undefined && other.ipv4 === ipv4) ||
        (ipv6 !== undefined && fixedOf(other.options).ipv6 === ipv6)),
  );
  if (isOwnRival)
    throw refused(device, "its address is already defined on another NIC of the instance. Choose another.");
  // Most nics have no wishes, and need not be compared with all others.
  if (!ipv4 && !ipv6 && (isManaged || options.hwaddr === undefined)) return;
  const running = home.book.uses().filter((use) => home.book.running.has(use));
  const rival = rivalOf(running, bridge, { instance: keyOf(owner), device, ipv4, ipv6, hwaddr });
  if (rival !== undefined)
    throw refused(
      device,
      `${rival.address} already defined on another NIC: the running instance "${rival.instance}" has it. Stop that one, or choose another.`,
    );
}

async function checkHost({ nic: { device, bridge } }: NicFacts): Promise<void> {
  if (bridge !== "" && (await findLink(bridge)) === undefined)
    throw badRequest(`the bridge "${bridge}" of nic "${device}" does not exist. Make it, or change the device.`);
}

/** The network knows name and address before the first DHCP question, and lets the port in before the container can send anything. */
const steps = async (facts: NicFacts): Promise<Step[]> => {
  const isManaged = facts.home.networks.isManaged(facts.nic.bridge);
  return [
    ...(isManaged ? [hostStep(facts), portStep(facts)] : filterSteps(facts)),
    ...(await portSteps(facts)),
    ...(isManaged ? [settleStep(facts)] : []),
    ...addressSteps(facts.nic),
    ...routeSteps(facts.nic, facts.nic.bridge),
  ];
};

/** The address goes with the interface. */
const addressSteps = ({ own, innerName, hostName }: Nic): Step[] =>
  own === undefined
    ? []
    : [
        {
          by: "cell",
          op: ["nic-address", innerName, own.ipv4, own.bits, own.gateway],
          undo: ["unplug-nic", hostName],
        },
      ];

/** A nic as its network is told of it. */
export function networkHost(owner: Owner, { device, options, hwaddr, mtu, own }: Nic): NetworkHost {
  return {
    instance: keyOf(owner),
    device,
    hwaddr,
    ...fixedOf(options),
    ...(own === undefined ? {} : { ipv4: own.ipv4, hasOwnAddress: true }),
    ...(mtu ? { hasOwnMtu: true } : {}),
    // "web" of every project would be one name, and the last to come would have it.
    ...(owner.project === defaultProject ? {} : { dnsName: `${owner.name}.${owner.project}` }),
  };
}

function hostStep({ home, owner, nic }: NicFacts): BeforeStep {
  const { bridge, device } = nic;
  const host = networkHost(owner, nic);
  return {
    by: "daemon before",
    about: `host ${bridge} ${device}`,
    run: () => home.networks.addHost(bridge, host),
    undo: () => home.networks.removeHost(bridge, keyOf(owner), device),
  };
}

function portStep({ home, owner, nic }: NicFacts): BeforeStep {
  const { bridge, device, hostName } = nic;
  const open = async () => {
    try {
      await home.networks.nics.openPorts(bridge, [portOf(owner, nic)]);
    } catch (error) {
      const { code, message } = toApiError(error);
      throw new ApiError(code, `Failed start validation for device "${device}": ${message}`, { cause: error });
    }
  };
  return {
    by: "daemon before",
    about: `port ${bridge} ${hostName}`,
    run: open,
    undo: () => home.networks.nics.closePort(keyOf(owner), hostName),
  };
}

/** The port goes with its pair. */
const settleStep = ({ home, nic: { bridge, hostName } }: NicFacts): AfterStep => ({
  by: "daemon after",
  run: () => home.networks.nics.settlePort(bridge, hostName),
  undo: async () => undefined,
});

export const bridged: NicType = {
  check,
  checkRivals,
  checkStart,
  checkHost,
  steps,
  ended: async (facts) => {
    await dropFilter(facts);
    await dropRoutes(facts.nic, facts.nic.bridge);
  },
  adopted: async (facts) => {
    await applyFilter(facts);
    await setRoutes(facts.nic, facts.nic.bridge);
  },
};
