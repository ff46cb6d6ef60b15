/**
 * A storage driver that only some kernels have, on the guest that BOTHY_VM_GUEST names: the contract of storage drivers (test/daemon) runs inside,
 * with the guest's own programs. BOTHY_VM_FULL=1 runs all of it; BOTHY_VM_ONLY chooses files by a part of their name.
 */
import assert from "node:assert/strict";
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { onGuest, type Part } from "./support";

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

const contract: Part = async (t, machine) => {
  await machine.must("mkdir -p /mnt/tests && mount -o ro LABEL=tests /mnt/tests");
  const suites = isFull || only !== "" ? [shortSuite, ...longSuites(driver)] : [shortSuite];
  for (const suite of suites.filter((name) => name.includes(only)))
    await t.test(`${suite}, inside`, async (inner) => {
      const words = `--disable-warning=ExperimentalWarning --test --test-reporter=spec --test-name-pattern='^${driver}\\b'`;
      const { code, stdout, stderr } = await machine.run(
        `cd /mnt/tests && BOTHY_TEST_BUNDLE=1 REQUIRE=${driver} node ${words} dist/test/daemon/${suite}.test.js`,
        seconds,
      );
      inner.diagnostic(stdout);
      assert.equal(code, 0, `${stdout.slice(-20_000)}\n${stderr}`);
      assert.match(stdout, /^ℹ pass [1-9]/m, "something was tested");
    });
};

onGuest(guest.name, async () => [await testsDisk()], [contract]);
