/** Nics: network devices of an instance: their stable hardware addresses, and the pairs made at a start. */
import { randomBytes } from "node:crypto";
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { badRequest } from "../../../../sdk/api/errors";
import type { Op } from "../../../platform/native/index";
import { randomHwaddr } from "../../network/hwaddr";

export interface Nic {
  /** Device name in the configuration. */
  readonly device: string;
  readonly innerName: string;
  readonly hostName: string;
  readonly hwaddr: string;
  readonly mtu: string;
  /** Bridge to join; "" for none. */
  readonly bridge: string;
  /** Managed network, when it is one. */
  readonly network: string | undefined;
  readonly ipv4: string | undefined;
}

export const nicDevices = (devices: Devices): [string, Device][] =>
  Object.entries(devices)
    .filter(([, device]) => device.type === "nic")
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** Whether a key holds the hardware address of a nic that has none in its options. */
export const isNicAddress = (key: string): boolean => /^volatile\..+\.hwaddr$/.test(key);

/** Gives every nic without an address one, in volatile keys. @returns the same object when all have one */
export function withHwaddrs(own: Config, devices: Devices): Config {
  const kept = instanceConfig(own);
  const missing = nicDevices(devices).filter(
    ([name, device]) => !nicOptions(device).has("hwaddr") && !kept.has(`volatile.${name}.hwaddr`),
  );
  if (missing.length === 0) return own;
  return { ...own, ...Object.fromEntries(missing.map(([name]) => [`volatile.${name}.hwaddr`, randomHwaddr()])) };
}

/** Plans the nics of a start. Host names are new each time: a veth of the last run may still be dying (docs/kernel.md, Stop and freeze). */
export function planNics(own: Config, devices: Devices): Nic[] {
  // A name that was given at the start stays, whatever devices come and go meanwhile.
  const kept = instanceConfig(own);
  const given = (name: string, device: Device) => nicOptions(device).get("name") ?? kept.get(`volatile.${name}.name`);
  const named = new Set(nicDevices(devices).map(([name, device]) => given(name, device)));
  let next = 0;
  const freeName = () => {
    while (named.has(`eth${next}`)) next += 1;
    return `eth${next++}`;
  };
  const nics = nicDevices(devices).map(([device, options]) => {
    const nic = nicOptions(options);
    return {
      device,
      innerName: given(device, options) ?? freeName(),
      hostName: nic.get("host_name") ?? `veth${randomBytes(4).toString("hex")}`,
      hwaddr: nic.get("hwaddr") ?? kept.get(`volatile.${device}.hwaddr`) ?? randomHwaddr(),
      mtu: nic.text("mtu") ?? "",
      bridge: nic.get("network") ?? nic.get("parent") ?? "",
      network: nic.get("network"),
      ipv4: nic.get("ipv4.address"),
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

export const nicOps = (nics: readonly Nic[]): Op[] =>
  nics.map((nic): Op => ["nic", nic.hostName, nic.innerName, nic.hwaddr, nic.mtu, nic.bridge]);

/** Volatile keys that tell where each nic is, on the host and inside, while the instance runs. */
export const hostNames = (nics: readonly Nic[]): Config =>
  Object.fromEntries(
    nics.flatMap((nic) => [
      [`volatile.${nic.device}.host_name`, nic.hostName],
      [`volatile.${nic.device}.name`, nic.innerName],
    ]),
  );

export const withoutHostNames = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !/^volatile\..+\.(host_name|name)$/.test(key)));
