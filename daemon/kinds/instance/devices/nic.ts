/** Device nic: interfaces of the container, by their types (nic-<type>.ts). */
import { nicAclNames } from "../../../../sdk/api/devices/nic-acls";
import { freeNics } from "../limits/nic-limits";
import { keyOf } from "../record";
import { tellDhcpClients } from "./dhcp-word";
import type { CheckFacts, DeviceDriver, Facts, PlanFacts } from "./driver";
import { bridged } from "./nic-bridged";
import { ipvlan } from "./nic-ipvlan";
import { macvlan } from "./nic-macvlan";
import { p2p } from "./nic-p2p";
import { physical } from "./nic-physical";
import { chooseHwaddrs, keptOf, type Nic, planNics } from "./nic-plan";
import { type NicTypeName, requireOptionsOfNetwork } from "./nic-resolved";
import { routed } from "./nic-routed";
import { sriov } from "./nic-sriov";
import type { NicType } from "./nic-type";
import type { DevicePlan } from "./step";

const types = { bridged, p2p, macvlan, ipvlan, routed, physical, sriov } satisfies Record<NicTypeName, NicType>;

const driverOf = ({ type }: Nic): NicType => types[type];

function check(facts: CheckFacts): void {
  if (!facts.devices.some(([device]) => facts.isNew(device))) return;
  for (const [device, options] of facts.devices)
    if (facts.isNew(device)) requireOptionsOfNetwork(facts.home.networks, device, options);
  for (const nic of planNics(facts)) if (facts.isNew(nic.device)) driverOf(nic).check?.({ ...facts, nic });
}

function checkRivals(facts: CheckFacts): void {
  for (const nic of planNics(facts))
    if (facts.isNew(nic.device)) driverOf(nic).checkRivals?.({ ...facts, device: nic.device, options: nic.options });
}

async function checkStart(facts: Facts): Promise<void> {
  const all = planNics(facts);
  for (const nic of all) await driverOf(nic).checkStart?.({ ...facts, nic }, all);
}

async function checkHost(facts: Facts): Promise<void> {
  for (const nic of planNics(facts)) await driverOf(nic).checkHost?.({ ...facts, nic });
}

async function plan(facts: PlanFacts): Promise<DevicePlan[]> {
  const planOf = async (nic: Nic): Promise<DevicePlan> => {
    const chosen = (await driverOf(nic).choose?.({ ...facts, nic })) ?? nic;
    return { device: nic.device, steps: await driverOf(nic).steps({ ...facts, nic: chosen }), kept: keptOf(chosen) };
  };
  const plans: DevicePlan[] = [];
  // One after the other: two nics do not choose one virtual function.
  for (const nic of planNics(facts)) plans.push(await planOf(nic));
  return plans;
}

/** What one nic has left keeps no other from being seen off. */
async function ended(facts: Facts): Promise<void> {
  const { home, owner } = facts;
  for (const nic of plannedOrNone(facts))
    await driverOf(nic)
      .ended?.({ ...facts, nic })
      .catch((error: unknown) =>
        home.log.warning("Cannot take away what a nic has left on the host", { name: owner.name, error }),
      );
}

/** Two of one name are no reason to leave anything. */
function plannedOrNone(facts: Facts): Nic[] {
  try {
    return planNics(facts);
  } catch {
    return [];
  }
}

/** They hold at the host's end, and are changed there (limits/nic-limits.ts, limits/nic-egress.ts, nic-acls.ts). */
const outside = [
  ...["limits.ingress", "limits.egress", "limits.max", "limits.priority"],
  ...["security.egress.allow", "security.egress.logged"],
  ...nicAclNames,
];

export const nic: DeviceDriver = {
  outside,
  check,
  checkRivals,
  checkStart,
  checkHost,
  choose: chooseHwaddrs,
  plan,
  replaced: ({ home, record, plans }) =>
    tellDhcpClients(
      home,
      record,
      plans.flatMap(({ device, kept }) => kept?.[`volatile.${device}.name`] ?? []),
    ),
  // Nobody need wait for it: no other port has that name.
  ended: async (facts) => {
    const { home, owner, devices } = facts;
    void home.networks.nics.closePorts(keyOf(owner));
    await freeNics(home, owner, devices);
    await ended(facts);
  },
  adopted: async (facts) => {
    for (const nic of planNics(facts)) await driverOf(nic).adopted?.({ ...facts, nic });
  },
  forgotten: (home, instance) => home.networks.forgetInstance(keyOf(instance)),
};
