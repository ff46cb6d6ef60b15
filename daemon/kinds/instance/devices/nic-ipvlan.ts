/**
 * Nic of the type ipvlan: an interface with the hardware address of the one that it stands on. In the mode l3s the host routes what it sends, and answers for its
 * addresses on the parent, for which it wants a route to each; in the mode l2 it is on the parent's line by itself.
 */
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { isOn } from "../../network/kernel-switch";
import { findLink } from "../../network/link";
import { answerFor, answerNoMore, batch, batchLoosely } from "../../network/proxied";
import { addressesIn, addressSteps, bitsOf, type Family, families, requireOwnAddresses } from "./nic-addresses";
import {
  innerIndex,
  movedFile,
  parentStep,
  refused,
  releaseParent,
  requireParent,
  requireUnshared,
} from "./nic-parent";
import type { Nic } from "./nic-plan";
import type { NicFacts, NicType } from "./nic-type";
import type { AfterStep, BeforeStep, CellStep, Step } from "./step";

const modeOf = ({ options }: Nic) => nicOptions(options).get("mode");

/** @throws ApiError BAD_REQUEST */
async function requireForwarding({ nic }: NicFacts): Promise<void> {
  if (modeOf(nic) === "l2" || (await findLink(nic.parent)) === undefined) return;
  const need = async (family: Family, key: string) => {
    if (addressesIn(nic.options, family).length > 0 && !(await isOn(family, nic.parent, key)))
      throw refused(
        nic.device,
        `"parent": IPVLAN in L3S mode requires sysctl net.${family}.conf.${nic.parent}.${key}=1. Set it.`,
      );
  };
  await need("ipv4", "forwarding");
  await need("ipv6", "forwarding");
  await need("ipv6", "proxy_ndp");
}

function hostLines({ parent, options }: Nic, isThere: boolean): string[] {
  return families.flatMap((family) => {
    const table = nicOptions(options).get(`${family}.host_table`);
    return addressesIn(options, family).flatMap((address) => {
      const route = `route ${isThere ? "replace" : "del"} ${address}/${bitsOf(family)} dev lo`;
      const neighbour = isThere ? answerFor(address, parent) : answerNoMore(address, parent);
      return [route, ...(table === undefined ? [] : [`${route} table ${table}`]), neighbour];
    });
  });
}

const setUpHost = async ({ nic }: NicFacts): Promise<void> => {
  if (modeOf(nic) === "l3s") await batch(hostLines(nic, true));
};

const clearHost = async ({ nic }: NicFacts): Promise<void> => {
  if (modeOf(nic) === "l3s") await batchLoosely(hostLines(nic, false));
};

const hostStep = (facts: NicFacts): AfterStep => ({
  by: "daemon after",
  run: () => setUpHost(facts),
  undo: () => clearHost(facts),
});

const forwardingStep = (facts: NicFacts): BeforeStep => ({
  by: "daemon before",
  about: `forwarding ${facts.nic.device} ${facts.nic.parent}`,
  run: () => requireForwarding(facts),
  undo: () => Promise.resolve(),
});

function steps(facts: NicFacts): Step[] {
  const { home, owner, nic } = facts;
  const mode = modeOf(nic);
  const index = innerIndex(nic.device);
  const make: CellStep = {
    by: "cell",
    op: ["nic-parent", "ipvlan", nic.parent, nic.innerName, "", nic.mtu, mode, index],
    undo: ["unplug-inner", index, movedFile(home, owner)],
  };
  // In the mode l3s the host is asked for everything, and no gateway is needed.
  const gatewayOf = (family: Family) => {
    const gateway = nicOptions(nic.options).get(`${family}.gateway`);
    if (mode === "l2") return gateway ?? "";
    return gateway === "none" ? "" : "dev";
  };
  return [parentStep(facts), forwardingStep(facts), make, ...addressSteps(nic, gatewayOf, make.undo), hostStep(facts)];
}

export const ipvlan: NicType = {
  checkStart: async (facts, all) => {
    await requireParent(facts);
    requireUnshared(facts, all);
    await requireForwarding(facts);
    requireOwnAddresses(facts, all);
  },
  checkHost: requireParent,
  steps,
  ended: async (facts) => {
    await clearHost(facts);
    await releaseParent(facts);
  },
  adopted: setUpHost,
};
