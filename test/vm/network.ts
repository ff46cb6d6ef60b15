/** The tests of test/network on the guest that BOTHY_VM_GUEST names, whose kernel has what they are about. BOTHY_VM_ONLY chooses files by a part of their name. */
import { globSync } from "node:fs";
import path from "node:path";
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { runsInside } from "./inside";
import { onGuest } from "./support";

const seconds = 25 * 60;

const guest = guestNamed(process.env.BOTHY_VM_GUEST);
const only = process.env.BOTHY_VM_ONLY ?? "";
const compiled = path.join(__dirname, "../network");
const files = globSync("*.test.js", { cwd: compiled })
  .map((name) => `network/${name.replace(/\.test\.js$/, "")}`)
  .filter((name) => name.includes(only))
  .sort();

onGuest(guest.name, async () => [await testsDisk()], [runsInside(files, { requires: guest.proves ?? [], seconds })]);
