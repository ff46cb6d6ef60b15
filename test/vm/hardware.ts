/** Devices for which there is hardware in the guest that BOTHY_VM_GUEST names: cards, USB devices that come and go, TPMs. */
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { runsInside } from "./inside";
import { onGuest } from "./support";

const seconds = 25 * 60;

const guest = guestNamed(process.env.BOTHY_VM_GUEST);

onGuest(guest.name, async () => [await testsDisk()], [
  runsInside(["daemon/device-real"], { requires: guest.proves ?? [], seconds }),
]);
