/** Nic of the type p2p: a pair of interfaces that nothing is done with. */

import { pairStep } from "./nic-pair";
import { routeSteps, setRoutes } from "./nic-routes";
import type { NicType } from "./nic-type";

export const p2p: NicType = {
  steps: ({ nic }) => [pairStep(nic, ""), ...routeSteps(nic, nic.hostName)],
  adopted: ({ nic }) => setRoutes(nic, nic.hostName),
};
