/** init --auto: what a host needs that nobody has set up: a storage pool and a network where there are none, and the devices for them. */
import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { badRequest } from "../../sdk/api/errors";
import { ask } from "./ask";
import type { InitOptions } from "./init-options";
import type { Preseed } from "./preseed";

const defaultPort = "8443";

/** @returns what to apply @throws ApiError BAD_REQUEST for flags that do not go together */
export async function autoPreseed(socketPath: string, options: InitOptions): Promise<Preseed> {
  requireTogether(options);
  const told = async <T>(url: string) => (await ask(socketPath, "GET", url)).metadata as T;
  const hasPools = (await told<string[]>("/1.0/storage-pools")).length > 0;
  if (hasPools && (options["storage-backend"] !== undefined || poolFlags.some((flag) => options[flag] !== undefined)))
    throw badRequest("Storage has already been configured");
  const networks = await told<{ name: string; managed: boolean }[]>("/1.0/networks?recursion=1");
  const { devices } = await told<{ devices: Record<string, Record<string, string>> }>("/1.0/profiles/default");
  const hasNetwork =
    networks.some(({ managed }) => managed) || Object.values(devices).some(({ type }) => type === "nic");
  const pool = hasPools ? undefined : poolOf(options);
  const bridge = hasNetwork ? undefined : freeBridge();
  const added = {
    ...(pool === undefined ? {} : { root: { type: "disk", path: "/", pool: pool.name } }),
    ...(bridge === undefined ? {} : { eth0: { type: "nic", network: bridge, name: "eth0" } }),
  };
  return {
    config: serverConfig(options),
    networks:
      bridge === undefined
        ? []
        : [{ name: bridge, description: undefined, config: {}, type: undefined, project: undefined }],
    storage_pools: pool === undefined ? [] : [pool],
    profiles:
      Object.keys(added).length === 0 ? [] : [{ name: "default", description: undefined, config: {}, devices: added }],
    projects: [],
    cluster: undefined,
  };
}

const poolFlags = ["storage-create-device", "storage-create-loop", "storage-pool"] as const;

function requireTogether(options: InitOptions): void {
  const isDir = (options["storage-backend"] ?? "dir") === "dir";
  if (isDir && poolFlags.some((flag) => options[flag] !== undefined))
    throw badRequest(
      "None of --storage-pool, --storage-create-device or --storage-create-loop may be used with the 'dir' backend",
    );
  if (options["storage-create-device"] !== undefined && options["storage-create-loop"] !== undefined)
    throw badRequest("Only one of --storage-create-device or --storage-create-loop can be specified");
  if (options["network-address"] === undefined)
    for (const flag of ["network-port", "trust-password"] as const)
      if (options[flag] !== undefined) throw badRequest(`--${flag} cannot be used without --network-address`);
  const loop = options["storage-create-loop"];
  if (loop !== undefined && !/^[1-9]\d*$/.test(loop))
    throw badRequest(`Invalid --storage-create-loop "${loop}". Use whole gigabytes.`);
}

function serverConfig(options: InitOptions): Record<string, string> {
  const address = options["network-address"];
  if (address === undefined) return {};
  const host = isIP(address) === 6 ? `[${address}]` : address;
  const password = options["trust-password"];
  return {
    "core.https_address": `${host}:${options["network-port"] ?? defaultPort}`,
    ...(password === undefined ? {} : { "core.trust_password": password }),
  };
}

/** With a device or a loop, --storage-pool is the new pool's name, else where it lies: both as in LXD. */
function poolOf(options: InitOptions): Preseed["storage_pools"][number] {
  const { "storage-create-device": device, "storage-create-loop": loop, "storage-pool": pool } = options;
  const isMade = device !== undefined || loop !== undefined;
  const source = device ?? (isMade ? undefined : pool);
  return {
    name: isMade && pool !== undefined ? pool : "default",
    description: undefined,
    driver: options["storage-backend"] ?? "dir",
    config: { ...(source === undefined ? {} : { source }), ...(loop === undefined ? {} : { size: `${loop}GB` }) },
  };
}

/** The first of lxdbr0, lxdbr1, ... that the host has no interface of. */
function freeBridge(): string {
  let number = 0;
  while (existsSync(`/sys/class/net/lxdbr${number}`)) number += 1;
  return `lxdbr${number}`;
}
