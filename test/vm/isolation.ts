/** The tests of test/isolation on the guest that BOTHY_VM_GUEST names; what it proves must not be skipped. BOTHY_VM_ONLY chooses files by a part of their name. */
import { globSync } from "node:fs";
import path from "node:path";
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { mountTests, runsInside } from "./inside";
import { onGuest, type Part } from "./support";

const seconds = 25 * 60;
/** By emulation the whole policy is compiled anew in a minute or two. */
const policySeconds = 15 * 60;

const guest = guestNamed(process.env.BOTHY_VM_GUEST);
const requires = guest.proves ?? [];
const hasSELinux = requires.includes("selinux");
const only = process.env.BOTHY_VM_ONLY ?? guest.isolation ?? "";
const compiled = path.join(__dirname, "../isolation");
const files = globSync("*.test.js", { cwd: compiled })
  .map((name) => `isolation/${name.replace(/\.test\.js$/, "")}`)
  .filter((name) => name.includes(only))
  .sort();

/** The tests then run in the daemon's domain, as its unit has it. */
const loadPolicy: Part = async (_t, machine) => {
  await mountTests(machine);
  await machine.must("semodule --install /mnt/tests/selinux/bothy.cil", policySeconds);
};

const within = hasSELinux ? { within: "runcon -t bothyd_t --" } : {};

onGuest(guest.name, async () => [await testsDisk()], [
  ...(hasSELinux ? [loadPolicy] : []),
  runsInside(files, { requires, seconds, ...within }),
]);
