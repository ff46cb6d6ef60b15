/** Nic of the type p2p: a pair of interfaces that nothing is done with. */

import { pairStep } from "./nic-pair";
import type { NicType } from "./nic-type";

export const p2p: NicType = { steps: ({ nic }) => [pairStep(nic, "")] };
