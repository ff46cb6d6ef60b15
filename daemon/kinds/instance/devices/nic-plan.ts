/** Nic plan: what each nic of an instance is, with its names and addresses. */
import { randomBytes } from "node:crypto";
import type { Config, Device } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { badRequest } from "../../../../sdk/api/errors";
import { randomHwaddr } from "../../network/hwaddr";
import { isOci } from "../spec/oci";
import type { Facts, NamedDevice } from "./driver";
import { hostDeviceOf, type NicTypeName, nicTypeOf, resolvedNic } from "./nic-resolved";

export interface Nic {
  /** Device name in the configuration. */
  readonly device: string;
  readonly type: NicTypeName;
  /** With those that its network has for it. */
  readonly options: Device;
  readonly innerName: string;
  readonly hostName: string;
  /** Its own, or the one that was chosen for it. */
  readonly hwaddr: string;
  readonly mtu: string;
  /** Interface of the host that it stands on, or is; "" for none. */
  readonly parent: string;
  /** Bridge to join; "" for none. */
  readonly bridge: string;
  /** Managed network, when it is one. */
  readonly network: string | undefined;
  readonly ipv4: string | undefined;
  /** What it has from its beginning, in a container without a DHCP client. */
  readonly own: { readonly ipv4: string; readonly bits: string; readonly gateway: string } | undefined;
}

/** Volatile key of that: "10.1.2.20/24 10.1.2.1". */
export const ownAddressKey = (device: string): string => `volatile.${device}.ipv4_address`;

type Planned = Pick<Facts, "home" | "owner" | "devices">;

/** Types whose nics have the hardware address of an interface of the host. */
const ownHwaddr = ["physical", "ipvlan", "sriov"];

/** Gives every nic without an address one, in volatile keys. */
export function chooseHwaddrs({ owner, devices }: Pick<Facts, "owner" | "devices">): Config {
  const kept = instanceConfig(owner.config);
  const missing = devices.filter(
    ([name, device]) =>
      !nicOptions(device).has("hwaddr") &&
      !kept.has(`volatile.${name}.hwaddr`) &&
      !ownHwaddr.includes(device.nictype ?? ""),
  );
  return Object.fromEntries(missing.map(([name]) => [`volatile.${name}.hwaddr`, randomHwaddr()]));
}

/**
 * Plans all nics of an instance. Host names are new for each start: a veth of the last run may still be dying (docs/kernel.md, Stop and freeze).
 * @throws ApiError BAD_REQUEST for two of one name
 */
export function planNics({ home: { networks }, owner, devices }: Planned): Nic[] {
  const kept = instanceConfig(owner.config);
  const innerNames = namesInside(owner.config, devices);
  const nics = devices.map(([device, own]): Nic => {
    const options = resolvedNic(networks, own);
    const type = nicTypeOf(networks, own);
    const nic = nicOptions(options);
    const ipv4 = nic.get("ipv4.address");
    return {
      device,
      type,
      options,
      innerName: innerNames.get(device) ?? "",
      hostName:
        nic.get("host_name") ?? kept.get(`volatile.${device}.host_name`) ?? `veth${randomBytes(4).toString("hex")}`,
      hwaddr: nic.get("hwaddr") ?? kept.get(`volatile.${device}.hwaddr`) ?? randomHwaddr(),
      mtu: nic.text("mtu") ?? "",
      parent: hostDeviceOf(networks, own),
      bridge: type === "bridged" ? (nic.get("network") ?? nic.get("parent") ?? "") : "",
      network: type === "bridged" ? nic.get("network") : undefined,
      ipv4: type === "bridged" && ipv4 !== "none" ? ipv4 : undefined,
      own: isOci(owner.config) ? ownAddressOf(owner.config[ownAddressKey(device)]) : undefined,
    };
  });
  const names = nics.map((nic) => nic.innerName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw badRequest(
      `Invalid value for device option "name": Duplicate NIC name detected "${twice}". Give one of the nics another name.`,
    );
  return nics;
}

function ownAddressOf(text: string | undefined): Nic["own"] {
  const [, ipv4, bits, gateway] = /^([\d.]+)\/(\d+) ([\d.]+)$/.exec(text ?? "") ?? [];
  return ipv4 === undefined || bits === undefined || gateway === undefined ? undefined : { ipv4, bits, gateway };
}

/** A name that was given at the start stays, whatever devices come and go meanwhile. */
function namesInside(own: Config, devices: readonly NamedDevice[]): Map<string, string> {
  const kept = instanceConfig(own);
  const given = devices.map(
    ([name, device]) => [name, nicOptions(device).get("name") ?? kept.get(`volatile.${name}.name`)] as const,
  );
  const taken = new Set(given.map(([, name]) => name));
  let next = 0;
  const freeName = () => {
    while (taken.has(`eth${next}`)) next += 1;
    return `eth${next++}`;
  };
  return new Map(given.map(([device, name]) => [device, name ?? freeName()]));
}

/** Types whose nics are nowhere on the host. */
const insideOnly = ["macvlan", "ipvlan"];

/** Volatile keys that tell where a nic is, on the host and inside, while the instance runs. */
export const keptOf = ({ device, type, parent, hostName, innerName }: Nic): Config => ({
  ...(insideOnly.includes(type) ? {} : { [`volatile.${device}.host_name`]: type === "physical" ? parent : hostName }),
  [`volatile.${device}.name`]: innerName,
});
