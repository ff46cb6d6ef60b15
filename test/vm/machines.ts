/** The systems of test/machines as containers of the guest that BOTHY_VM_GUEST names, on control groups of v2 alone. BOTHY_MACHINES chooses some by their names. */
import { noteShown, parseShown } from "../../scripts/machines/shown";
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { type System, systemNamed, systems } from "../machines/systems";
import { runsInside } from "./inside";
import { machinesDisk } from "./machines-disk";
import { onGuest, type Part } from "./support";

const guest = guestNamed(process.env.BOTHY_VM_GUEST);
const asked = process.env.BOTHY_MACHINES;
const chosen = asked === undefined || asked === "all" ? systems : asked.split(",").map(systemNamed);

/** Of one system. */
const seconds = 40 * 60;
const results = "/root/machines";

const mountImages: Part = async (_t, machine) => {
  await machine.must("mkdir -p /mnt/machines && mount -o ro LABEL=machines /mnt/machines");
};

const env = { BOTHY_MACHINES_RESULTS: results, BOTHY_TEST_MACHINES: "/mnt/machines" };

/** What was shown of one stays noted, whatever becomes of the next. */
const noteResults: Part = async (_t, machine) => {
  noteShown(guest.name, parseShown(await machine.must(`cat ${results} 2>/dev/null || true`)));
};

const partsOf = ({ name }: System): Part[] => [
  runsInside(["machines/machines"], { requires: [], seconds, title: name, env: { ...env, BOTHY_MACHINES: name } }),
  noteResults,
];

onGuest(guest.name, async () => [await testsDisk(), await machinesDisk()], [mountImages, ...chosen.flatMap(partsOf)]);
