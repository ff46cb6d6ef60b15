/** volatile.cloud-init.instance-id: a new one makes cloud-init run once more, as LXD has it. */
import { randomUUID } from "node:crypto";
import type { Config, Devices } from "../../../../sdk/api/common";
import type { Expanded } from "../record";

const key = "volatile.cloud-init.instance-id";

/** What cloud-init reads. */
const read = ["cloud-init.network-config", "cloud-init.user-data", "cloud-init.vendor-data"];
const readByOld = ["user.meta-data", "user.network-config", "user.user-data", "user.vendor-data"];

export const withNewCloudInitId = (config: Config): Config => ({ ...config, [key]: randomUUID() });

/** Nics by which cloud-init configures the network: which there are, and how their interfaces are called. */
const nicsOf = (devices: Devices): string =>
  JSON.stringify(
    Object.entries(devices)
      .filter(([, { type }]) => type === "nic")
      .map(([device, { name = "" }]) => [device, name])
      .sort(),
  );

/** Gives a configuration another identifier when what cloud-init reads has changed. @param was @param is with profiles, before and now */
export const followCloudInit = (config: Config, was: Expanded, is: Expanded): Config =>
  [...read, ...readByOld].some((name) => was.config[name] !== is.config[name]) ||
  nicsOf(was.devices) !== nicsOf(is.devices)
    ? withNewCloudInitId(config)
    : config;
