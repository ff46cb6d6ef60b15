/** The systems of test/machines as containers of the guest that BOTHY_VM_GUEST names, on control groups of v2 alone. BOTHY_MACHINES chooses some by their names. */
import { noteShown, parseShown } from "../../scripts/machines/shown";
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { runsInside } from "./inside";
import { machinesDisk } from "./machines-disk";
import { onGuest, type Part } from "./support";

const guest = guestNamed(process.env.BOTHY_VM_GUEST);
const seconds = 55 * 60;
const results = "/root/machines";

const mountImages: Part = async (_t, machine) => {
  await machine.must("mkdir -p /mnt/machines && mount -o ro LABEL=machines /mnt/machines");
};

const env = {
  BOTHY_MACHINES: process.env.BOTHY_MACHINES ?? "all",
  BOTHY_MACHINES_RESULTS: results,
  BOTHY_TEST_MACHINES: "/mnt/machines",
};

const noteResults: Part = async (_t, machine) => {
  noteShown(guest.name, parseShown(await machine.must(`cat ${results} 2>/dev/null || true`)));
};

onGuest(guest.name, async () => [await testsDisk(), await machinesDisk()], [
  mountImages,
  runsInside(["machines/machines"], { requires: [], seconds, env }),
  noteResults,
]);
