/** Nic of the type sriov: a virtual function of a card of the host, which the card keeps to the hardware address and the VLAN that it is told. */

import { instanceConfig } from "../../../../sdk/api/config/instance";
import { isTrue } from "../../../../sdk/api/config/values";
import { hostRoots } from "../../../platform/hardware/files";
import { run } from "../../../platform/processes/run";
import { randomHwaddr } from "../../network/hwaddr";
import { enableFunctions, listFunctions, totalOf } from "../../network/virtual-functions";
import { keyOf } from "../record";
import { innerIndex, movedFile, parentStep, refused, requireParent } from "./nic-parent";
import type { Nic } from "./nic-plan";
import type { NicFacts, NicType } from "./nic-type";
import type { BeforeStep, Step } from "./step";

const { sys } = hostRoots;

/** @throws ApiError BAD_REQUEST */
async function requireFunctions(facts: NicFacts): Promise<void> {
  await requireParent(facts);
  const { device, parent } = facts.nic;
  if (((await totalOf(sys, parent)) ?? 0) === 0)
    throw refused(
      device,
      `"parent": Parent device "${parent}" doesn't support SR-IOV. Choose a card that has virtual functions, or another nictype.`,
    );
}

/** Interfaces that other nics have, or are about to have. */
const takenBy = ({ home, owner, nic }: NicFacts): string[] =>
  home.book.uses().flatMap((use) =>
    Object.keys(use.expandedDevices).flatMap((device) => {
      const isSelf = use.key === keyOf(owner) && device === nic.device;
      return isSelf ? [] : (instanceConfig(use.config).get(`volatile.${device}.host_name`) ?? []);
    }),
  );

const choose: NicType["choose"] = async ({ isAnew, ...facts }) => {
  const { home, owner, nic } = facts;
  if (!isAnew(nic.device)) return nic;
  await requireFunctions(facts);
  return home.locks.run(`nic-functions/${nic.parent}`, async () => {
    await enableFunctions(sys, nic.parent, (await totalOf(sys, nic.parent)) ?? 0);
    const taken = takenBy(facts);
    const free = (await listFunctions(sys, nic.parent)).find(({ name }) => name !== undefined && !taken.includes(name));
    if (free?.name === undefined)
      throw refused(
        nic.device,
        `"parent": All virtual functions on parent device "${nic.parent}" are already in use. Choose another, or stop an instance that has one.`,
      );
    home.log.info("A virtual function of a card goes to an instance", { name: owner.name, interface: free.name });
    return { ...nic, hostName: free.name };
  });
};

async function numberOf({ parent, hostName }: Nic): Promise<number | undefined> {
  return (await listFunctions(sys, parent)).find(({ name }) => name === hostName)?.number;
}

const settings = ({ options }: Nic, hwaddr: string): string[] => [
  ...["mac", hwaddr],
  ...["vlan", options.vlan || "0"],
  // The card drops what does not come from the address that it was told.
  ...["spoofchk", isTrue(options["security.mac_filtering"]) ? "on" : "off"],
];

const noHwaddr = "00:00:00:00:00:00";

/** As the card had it: no address of ours, in no VLAN. */
async function reset(nic: Nic): Promise<void> {
  const number = await numberOf(nic);
  if (number === undefined) return;
  const vf = ["link", "set", "dev", nic.parent, "vf", String(number)];
  await run("ip", [...vf, "mac", noHwaddr, "vlan", "0", "spoofchk", "on"], { accept: [0, 1, 2] });
}

function functionStep(nic: Nic, hwaddr: string): BeforeStep {
  return {
    by: "daemon before",
    about: `function ${nic.hostName}`,
    run: async () => {
      const number = await numberOf(nic);
      const vf = ["link", "set", "dev", nic.parent, "vf", String(number ?? "")];
      // Drivers differ in how many of these they take at a time.
      const words = settings(nic, hwaddr);
      for (let at = 0; at < words.length; at += 2) await run("ip", [...vf, ...words.slice(at, at + 2)]);
    },
    undo: () => reset(nic),
  };
}

function steps(facts: NicFacts): Step[] {
  const { home, owner, nic } = facts;
  const index = innerIndex(nic.device);
  const hwaddr = nic.options.hwaddr || randomHwaddr();
  return [
    parentStep(facts),
    functionStep(nic, hwaddr),
    {
      by: "cell",
      op: ["nic-move", nic.hostName, nic.innerName, hwaddr, nic.mtu, index, movedFile(home, owner)],
      undo: ["unplug-inner", index, movedFile(home, owner)],
    },
  ];
}

export const sriov: NicType = {
  checkStart: requireFunctions,
  checkHost: requireFunctions,
  choose,
  steps,
  ended: ({ nic }) => reset(nic),
};
