/** Nic of the type macvlan: an interface with a hardware address of its own that stands on one of the host, and is seen on its line. */
import {
  innerIndex,
  movedFile,
  parentStep,
  releaseParent,
  requireOwnHwaddr,
  requireParent,
  requireUnshared,
} from "./nic-parent";
import type { NicFacts, NicType } from "./nic-type";
import type { Step } from "./step";

const steps = (facts: NicFacts): Step[] => {
  const { home, owner, nic } = facts;
  const index = innerIndex(nic.device);
  return [
    parentStep(facts),
    {
      by: "cell",
      op: ["nic-parent", "macvlan", nic.parent, nic.innerName, nic.hwaddr, nic.mtu, "bridge", index],
      undo: ["unplug-inner", index, movedFile(home, owner)],
    },
  ];
};

export const macvlan: NicType = {
  checkStart: async (facts, all) => {
    await requireParent(facts);
    requireUnshared(facts, all);
    requireOwnHwaddr(facts, all);
  },
  checkHost: requireParent,
  steps,
  ended: releaseParent,
};
