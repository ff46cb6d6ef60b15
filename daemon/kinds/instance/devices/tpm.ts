/** Device tpm: both nodes of a TPM that swtpm emulates for this container alone (docs/lxd-api.md, Devices). */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { nodeOwner } from "../../../../sdk/api/devices/node";
import { tpmOptions } from "../../../../sdk/api/devices/tpm";
import { ApiError } from "../../../../sdk/api/errors";
import { toApiError } from "../../../platform/errors";
import { hostRoots } from "../../../platform/hardware/files";
import type { InstanceHome } from "../home";
import type { DeviceDriver, Facts, NamedDevice, PlanFacts } from "./driver";
import { planOfNodes } from "./nodes";
import type { DevicePlan } from "./step";
import { endEmulator, requireEmulator, startEmulator, type TpmNodes } from "./tpm-emulator";

/** By the instance's own id, so that a TPM is never that of another instance which has the name later. */
const folderOf = ({ dirs }: InstanceHome, config: Config): string | undefined => {
  const id = instanceConfig(config).get("volatile.uuid");
  return id === undefined ? undefined : dirs.tpms(id);
};

function deviceFolder({ home, owner }: Pick<Facts, "home" | "owner">, device: string): string {
  const folder = folderOf(home, owner.config) ?? home.dirs.tpms(owner.name);
  return path.join(folder, createHash("sha256").update(device).digest("hex").slice(0, 16));
}

const keyFor = (device: string) => `volatile.${device}.tpm` as const;

/** @throws ApiError that names the device */
async function named<T>(device: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message, details } = toApiError(error);
    throw new ApiError(code, `Failed to start device "${device}": ${message}`, { details, cause: error });
  }
}

/** The TPM is made when it is planned: its numbers are the kernel's to choose. Who does not get it after all has it taken back (unplanned, ended). */
async function nodesOf(facts: PlanFacts, device: string): Promise<TpmNodes | undefined> {
  if (facts.isAnew(device))
    return named(device, async () => {
      await requireEmulator();
      return startEmulator(hostRoots, deviceFolder(facts, device));
    });
  const [, direct, managed] = /^(c \d+:\d+) (c \d+:\d+)$/.exec(keptOf(facts, device)) ?? [];
  return direct === undefined || managed === undefined ? undefined : { direct, managed };
}

const keptOf = ({ owner }: Pick<Facts, "owner">, device: string): string =>
  instanceConfig(owner.config).get(keyFor(device)) ?? "";

async function planTpm(facts: PlanFacts, [device, options]: NamedDevice): Promise<DevicePlan> {
  const nodes = await nodesOf(facts, device);
  if (nodes === undefined) return { device, steps: [] };
  const tpm = tpmOptions(options);
  const placed = [
    { node: nodes.direct, place: innerPath(tpm.get("path")) },
    { node: nodes.managed, place: innerPath(tpm.get("pathrm")) },
  ];
  const plan = planOfNodes(device, placed, nodeOwner(options), {
    [keyFor(device)]: `${nodes.direct} ${nodes.managed}`,
  });
  const folder = deviceFolder(facts, device);
  return {
    ...plan,
    steps: [
      {
        by: "daemon before",
        about: `tpm ${device}`,
        run: async () => void (await startEmulator(hostRoots, folder)),
        undo: () => endEmulator(folder),
      },
      ...plan.steps,
    ],
  };
}

const innerPath = (written: string | undefined): string => path.posix.normalize(`/${written ?? ""}`);

const endAll = async (facts: Pick<Facts, "home" | "owner">, devices: readonly NamedDevice[]): Promise<void> => {
  for (const [device] of devices)
    await endEmulator(deviceFolder(facts, device)).catch((error: unknown) =>
      facts.home.log.warning("Cannot end the emulator of a TPM", { name: facts.owner.name, device, error }),
    );
};

export const tpm: DeviceDriver = {
  places: (options) => [tpmOptions(options).get("path") ?? "", tpmOptions(options).get("pathrm") ?? ""],
  checkStart: async ({ devices }) => {
    for (const [device] of devices) await named(device, requireEmulator);
  },
  plan: (facts) => Promise.all(facts.devices.map((one) => planTpm(facts, one))),
  unplanned: (facts) =>
    endAll(
      facts,
      facts.devices.filter(([device]) => keptOf(facts, device) === ""),
    ),
  ended: (facts) => endAll(facts, facts.devices),
  deleted: async (home, { config }) => {
    const folder = folderOf(home, config);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  },
};
