/** Device nic: interfaces of the container, by their types (nic-<type>.ts). */
import type { Device } from "../../../../sdk/api/common";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { freeNics } from "../limits/nic-limits";
import { keyOf } from "../record";
import { tellDhcpClients } from "./dhcp-word";
import type { CheckFacts, DeviceDriver, Facts } from "./driver";
import { bridged } from "./nic-bridged";
import { p2p } from "./nic-p2p";
import { chooseHwaddrs, keptOf, planNics } from "./nic-plan";
import type { NicType } from "./nic-type";

const types = { bridged, p2p } satisfies Record<string, NicType>;

/** A nic with a network is of the network's type, and there are bridges only. */
const typeOf = (options: Device): NicType => types[nicOptions(options).get("nictype") ?? "bridged"];

function check(facts: CheckFacts): void {
  if (!facts.devices.some(([device]) => facts.isNew(device))) return;
  for (const nic of planNics(facts)) if (facts.isNew(nic.device)) typeOf(nic.options).check?.({ ...facts, nic });
}

function checkRivals(facts: CheckFacts): void {
  for (const [device, options] of facts.devices)
    if (facts.isNew(device)) typeOf(options).checkRivals?.({ ...facts, device, options });
}

function checkStart(facts: Facts): void {
  const all = planNics(facts);
  for (const nic of all) typeOf(nic.options).checkStart?.({ ...facts, nic }, all);
}

async function checkHost(facts: Facts): Promise<void> {
  for (const nic of planNics(facts)) await typeOf(nic.options).checkHost?.({ ...facts, nic });
}

/** They hold at the host's end, and are changed there (limits/nic-limits.ts). */
const outside = ["limits.ingress", "limits.egress", "limits.max", "limits.priority"];

export const nic: DeviceDriver = {
  outside,
  check,
  checkRivals,
  checkStart,
  checkHost,
  choose: chooseHwaddrs,
  plan: (facts) =>
    planNics(facts).map((nic) => ({
      device: nic.device,
      steps: typeOf(nic.options).steps({ ...facts, nic }),
      kept: keptOf(nic),
    })),
  replaced: ({ home, record, plans }) =>
    tellDhcpClients(
      home,
      record,
      plans.flatMap(({ device, kept }) => kept?.[`volatile.${device}.name`] ?? []),
    ),
  // Nobody need wait for it: no other port has that name.
  ended: async ({ home, owner, devices }) => {
    void home.networks.nics.closePorts(keyOf(owner));
    await freeNics(home, owner, devices);
  },
  forgotten: (home, instance) => home.networks.forgetInstance(keyOf(instance)),
};
