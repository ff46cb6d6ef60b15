/**
 * A storage driver that only some kernels have, on the guest that BOTHY_VM_GUEST names: the contract of storage drivers (test/daemon) runs inside,
 * with the guest's own programs. BOTHY_VM_FULL=1 runs all of it; BOTHY_VM_ONLY chooses files by a part of their name.
 */
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { runsInside } from "./inside";
import { onGuest } from "./support";

/** A life in a pool, which shows the whole contract and is over in minutes also by emulation. */
const shortSuite = "storage-pool-life";

/** The suites that are the same for all drivers, and what only one has: hours by emulation. */
const longSuites = (driver: string) => [
  "storage-pool-drivers",
  "storage-pool-size",
  "storage-pool-kill",
  `storage-pool-${driver}`,
  `storage-pool-${driver}-volume`,
];

const isFull = process.env.BOTHY_VM_FULL === "1";

/** Of one suite; by emulation on a busy machine. */
const seconds = isFull ? 4 * 60 * 60 : 25 * 60;

const guest = guestNamed(process.env.BOTHY_VM_GUEST);
const { driver = "" } = guest;
const only = process.env.BOTHY_VM_ONLY ?? "";

const suites = isFull || only !== "" ? [shortSuite, ...longSuites(driver)] : [shortSuite];
const files = suites.filter((name) => name.includes(only)).map((name) => `daemon/${name}`);
const env: Readonly<Record<string, string>> = isFull ? { BOTHY_TEST_LONG: "1" } : {};
const contract = runsInside(files, { requires: [driver], seconds, only: `^${driver}\\b`, env });

onGuest(guest.name, async () => [await testsDisk()], [contract]);
