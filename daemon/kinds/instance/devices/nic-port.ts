/** Nic port: how a bridge of the host treats the nic's end of the pair: its VLANs, and whether it is kept from its like. */
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { internal } from "../../../../sdk/api/errors";
import { run } from "../../../platform/processes/run";
import { findLink, type Link } from "../../network/link";
import { pairStep } from "./nic-pair";
import { refused } from "./nic-parent";
import type { NicFacts } from "./nic-type";
import type { BeforeStep, Step } from "./step";

const numberOf = (link: Link | undefined, key: string): number => Number(link?.linkinfo.info_data?.[key] ?? 0);

/** A network's bridge looks at VLANs once a nic is in one; a bridge of the host is the admin's. @throws ApiError BAD_REQUEST */
async function requireFiltering({ home, nic: { bridge, device } }: NicFacts): Promise<void> {
  const link = await findLink(bridge);
  if (link === undefined || numberOf(link, "vlan_filtering") === 1) return;
  if (!home.networks.isManaged(bridge))
    throw refused(
      device,
      `"vlan": VLAN filtering is not enabled in parent bridge "${bridge}". Set it: ip link set ${bridge} type bridge vlan_filtering 1`,
    );
  const words = ["link", "set", "dev", bridge, "type", "bridge", "vlan_filtering", "1"];
  const { code, stderr } = await run("ip", words, { accept: [0, 1, 2] });
  if (code === 0) return;
  if (/not supported/i.test(stderr))
    throw refused(device, `"vlan": this kernel's bridges know no VLANs (CONFIG_BRIDGE_VLAN_FILTERING). Take it out.`);
  throw internal(`Cannot have the bridge "${bridge}" filter by VLANs: ${stderr.trim()}`);
}

const filteringStep = (facts: NicFacts): BeforeStep => ({
  by: "daemon before",
  about: `vlan filtering ${facts.nic.bridge}`,
  run: () => requireFiltering(facts),
  // Other ports may be in VLANs by now.
  undo: () => Promise.resolve(),
});

/** The pair, joined to its bridge; its port is what the nic asks for before anything can pass by it. */
export async function portSteps(facts: NicFacts): Promise<Step[]> {
  const { nic } = facts;
  const set = nicOptions(nic.options);
  const vlan = set.get("vlan") ?? "";
  const tagged = nic.options["vlan.tagged"]?.replaceAll(" ", "") ?? "";
  const isIsolated = set.get("security.port_isolation") ?? false;
  const isInVlans = vlan !== "" || tagged !== "";
  if (!isInVlans && !isIsolated) return [pairStep(nic, nic.bridge)];
  const bridge = await findLink(nic.bridge);
  const given = vlan === "" ? 0 : numberOf(bridge, "vlan_default_pvid");
  const dropped = given === 0 ? "" : String(given);
  const untagged = vlan === "none" || vlan === "0" ? "" : vlan;
  const pair = pairStep({ ...nic, mtu: nic.mtu || String(bridge?.mtu ?? "") }, "");
  const words = [nic.hostName, nic.bridge, dropped, untagged, tagged, isIsolated ? "isolated" : "-"];
  return [
    ...(isInVlans ? [filteringStep(facts)] : []),
    pair,
    { by: "cell", op: ["nic-port", ...words], undo: pair.undo },
  ];
}
