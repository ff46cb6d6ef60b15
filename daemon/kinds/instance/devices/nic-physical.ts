/** Nic of the type physical: an interface of the host itself. Its supervisor gives it back, as it was, when the container ends. */
import { innerIndex, movedFile, parentStep, releaseParent, requireParent, requireUnshared } from "./nic-parent";
import type { NicFacts, NicType } from "./nic-type";
import type { Step } from "./step";

const steps = (facts: NicFacts): Step[] => {
  const { home, owner, nic } = facts;
  const index = innerIndex(nic.device);
  const { hwaddr = "" } = nic.options;
  return [
    parentStep(facts),
    {
      by: "cell",
      op: ["nic-move", nic.parent, nic.innerName, hwaddr, nic.mtu, index, movedFile(home, owner)],
      undo: ["unplug-inner", index, movedFile(home, owner)],
    },
  ];
};

export const physical: NicType = {
  checkStart: async (facts, all) => {
    await requireParent(facts);
    requireUnshared(facts, all);
  },
  checkHost: requireParent,
  steps,
  ended: releaseParent,
};
