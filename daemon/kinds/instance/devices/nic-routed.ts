/**
 * Nic of the type routed: a pair whose end on the host has routes to the container's addresses. On a parent the host answers for them. What the container sends
 * from other addresses is dropped, before anything is routed.
 */
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { addressesOf } from "../../../../sdk/api/devices/nic-values";
import { internal } from "../../../../sdk/api/errors";
import { run } from "../../../platform/processes/run";
import { isOn, setSwitch, switchPath } from "../../network/kernel-switch";
import { findLink } from "../../network/link";
import { hasNeighbour } from "../../network/neighbour";
import { answerFor, answerNoMore, batch, batchLoosely } from "../../network/proxied";
import { addressesIn, addressSteps, bitsOf, type Family, families, requireOwnAddresses } from "./nic-addresses";
import { pairStep } from "./nic-pair";
import { parentStep, refused, releaseParent, requireParent, tagOf } from "./nic-parent";
import type { Nic } from "./nic-plan";
import { setRoute } from "./nic-routes";
import type { NicFacts, NicType } from "./nic-type";
import type { AfterStep, BeforeStep, Step } from "./step";

/** What the host has to be set to already: it is the parent's, and not only ours. @throws ApiError BAD_REQUEST */
async function requireForwarding({ nic }: NicFacts): Promise<void> {
  const { parent, device, options } = nic;
  if (parent === "" || (await findLink(parent)) === undefined) return;
  const need = async (family: Family, name: string, key: string) => {
    if (!(await isOn(family, name, key)))
      throw refused(device, `"parent": Routed mode requires sysctl net.${family}.conf.${name}.${key}=1. Set it.`);
  };
  if (addressesIn(options, "ipv4").length > 0) await need("ipv4", parent, "forwarding");
  if (addressesIn(options, "ipv6").length === 0) return;
  await need("ipv6", "all", "forwarding");
  await need("ipv6", parent, "proxy_ndp");
}

/** @throws ApiError BAD_REQUEST */
async function requireFree({ nic: { parent, device, options } }: NicFacts): Promise<void> {
  if (parent === "") return;
  for (const family of families) {
    if (!nicOptions(options).get(`${family}.neighbor_probe`)) continue;
    const addresses = addressesIn(options, family);
    const found = await Promise.all(addresses.map((address) => hasNeighbour(address, parent)));
    const taken = addresses[found.indexOf(true)];
    if (taken !== undefined)
      throw refused(
        device,
        `"${family}.address": IP address "${taken}" in use on parent network "${parent}". Choose another.`,
      );
  }
}

const probeStep = (facts: NicFacts): BeforeStep => ({
  by: "daemon before",
  about: `addresses ${facts.nic.device} ${facts.nic.parent} ${facts.nic.options["ipv4.address"]} ${facts.nic.options["ipv6.address"]}`,
  run: async () => {
    await requireForwarding(facts);
    await requireFree(facts);
  },
  undo: () => Promise.resolve(),
});

const tableOf = (facts: NicFacts): string => `inet bothy_nic_${tagOf(facts)}`;
/** Naming a table first makes it when it is missing, so that delete always finds one. */
const dropTable = (table: string): string => `table ${table}\ndelete table ${table}\n`;

const routesIn = ({ options }: Nic, family: Family): string[] => addressesOf(options[`${family}.routes`]);

/** Only from its own addresses, and those of the subnets behind it. */
export function sourceRules(table: string, nic: Nic): string {
  const from = (family: Family, ...more: string[]) =>
    [...addressesIn(nic.options, family), ...routesIn(nic, family), ...more].join(", ");
  const ipv4 = from("ipv4");
  const rules = [
    ipv4 === "" ? "meta nfproto ipv4 drop" : `ip saddr != { ${ipv4} } drop`,
    // Neighbour discovery comes from the link's own addresses, and from none.
    `ip6 saddr != { ${from("ipv6", "fe80::/10", "::")} } drop`,
  ].map((rule) => `    iifname "${nic.hostName}" ${rule}\n`);
  return `${dropTable(table)}table ${table} {\n  chain sources {\n    type filter hook prerouting priority raw; policy accept;\n${rules.join("")}  }\n}\n`;
}

/** By its name, before the interface is there. */
const sourceStep = (facts: NicFacts): BeforeStep => ({
  by: "daemon before",
  about: `sources ${facts.nic.hostName}`,
  run: async () => void (await run("nft", ["-f", "-"], { input: sourceRules(tableOf(facts), facts.nic) })),
  undo: async () => void (await run("nft", ["-f", "-"], { input: dropTable(tableOf(facts)) })),
});

function hostLines({ hostName, parent, options }: Nic): string[] {
  const set = nicOptions(options);
  return families.flatMap((family) => {
    const addresses = addressesIn(options, family);
    const table = set.get(`${family}.host_table`);
    if (addresses.length === 0) return [];
    const nodad = family === "ipv6" ? " nodad" : "";
    const routes = addresses.map((address) => `route replace ${address}/${bitsOf(family)} dev ${hostName}`);
    return [
      `address replace ${set.get(`${family}.host_address`)}/${bitsOf(family)} dev ${hostName}${nodad}`,
      ...routes.flatMap((line) => [line, ...(table === undefined ? [] : [`${line} table ${table}`])]),
      ...(parent === "" ? [] : addresses.map((address) => answerFor(address, parent))),
    ];
  });
}

/** Once both ends are there. Without forwarding on the host's end nothing that comes from it is routed. */
async function setUpHost({ nic }: NicFacts): Promise<void> {
  const { hostName, options } = nic;
  try {
    for (const family of families)
      if (addressesIn(options, family).length > 0) await setSwitch(family, hostName, "forwarding", "1");
  } catch (error) {
    throw internal(
      `Cannot set ${switchPath("ipv4", hostName, "forwarding")} to 1: ${(error as Error).message}. Mount /proc/sys writable.`,
      { cause: error },
    );
  }
  await batch(hostLines(nic));
  for (const family of families) for (const subnet of routesIn(nic, family)) await setBehind(nic, family, subnet);
}

async function setBehind({ hostName, options }: Nic, family: Family, subnet: string): Promise<void> {
  const words = ["via", addressesIn(options, family)[0] ?? "", "dev", hostName];
  const table = nicOptions(options).get(`${family}.host_table`);
  await setRoute(subnet, words, hostName);
  if (table !== undefined) await batch([`route replace ${subnet} ${words.join(" ")} table ${table}`]);
}

/** Routes and addresses go with the interface; what the parent has does not. */
const clearHost = ({ nic: { parent, options } }: NicFacts): Promise<void> =>
  batchLoosely(
    parent === ""
      ? []
      : families.flatMap((family) => addressesIn(options, family).map((address) => answerNoMore(address, parent))),
  );

const hostStep = (facts: NicFacts): AfterStep => ({
  by: "daemon after",
  run: () => setUpHost(facts),
  undo: () => clearHost(facts),
});

/** As large as its parent's, where it says nothing of its own. */
async function sized(nic: Nic): Promise<Nic> {
  if (nic.mtu !== "" || nic.parent === "") return nic;
  const link = await findLink(nic.parent);
  return link === undefined ? nic : { ...nic, mtu: String(link.mtu) };
}

async function steps(facts: NicFacts): Promise<Step[]> {
  const { nic } = facts;
  const pair = pairStep(await sized(nic), "");
  const set = nicOptions(nic.options);
  const gatewayOf = (family: Family) =>
    set.get(`${family}.gateway`) === "none" ? "" : (set.get(`${family}.host_address`) ?? "");
  return [
    ...(nic.parent === "" ? [] : [parentStep(facts)]),
    probeStep(facts),
    sourceStep(facts),
    pair,
    ...addressSteps(nic, gatewayOf, pair.undo),
    hostStep(facts),
  ];
}

export const routed: NicType = {
  checkStart: async (facts, all) => {
    await requireParent(facts);
    await requireForwarding(facts);
    requireOwnAddresses(facts, all);
  },
  checkHost: requireParent,
  steps,
  ended: async (facts) => {
    await clearHost(facts);
    await run("nft", ["-f", "-"], { input: dropTable(tableOf(facts)) });
    await releaseParent(facts);
  },
  adopted: async (facts) => {
    await run("nft", ["-f", "-"], { input: sourceRules(tableOf(facts), facts.nic) });
    await setUpHost(facts);
  },
};
