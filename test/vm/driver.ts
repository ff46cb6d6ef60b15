/**
 * A storage driver that only some kernels have, on the guest that BOTHY_VM_GUEST names: the contract of storage drivers (test/daemon) runs inside,
 * with the guest's own programs. BOTHY_VM_ONLY chooses files by a part of their name.
 */
import assert from "node:assert/strict";
import { guestNamed } from "../../scripts/vm/guests";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { onGuest, type Part } from "./support";

/** The suites that are the same for all drivers, and what only one has. */
const suites = (driver: string) => [
  "storage-pool-drivers",
  "storage-pool-size",
  "storage-pool-kill",
  `storage-pool-${driver}`,
];

/** Of one suite; by emulation on a busy machine each takes many minutes. */
const seconds = 2400;

const guest = guestNamed(process.env.BOTHY_VM_GUEST);
const { driver = "" } = guest;
const only = process.env.BOTHY_VM_ONLY ?? "";

const contract: Part = async (t, machine) => {
  await machine.must("mkdir -p /mnt/tests && mount -o ro LABEL=tests /mnt/tests");
  for (const suite of suites(driver).filter((name) => name.includes(only)))
    await t.test(`${suite}, inside`, async (inner) => {
      const words = `--disable-warning=ExperimentalWarning --test --test-reporter=spec --test-name-pattern='^${driver}\\b'`;
      const { code, stdout, stderr } = await machine.run(
        `cd /mnt/tests && REQUIRE=${driver} node ${words} dist/test/daemon/${suite}.test.js`,
        seconds,
      );
      inner.diagnostic(stdout);
      assert.equal(code, 0, `${stdout.slice(-20_000)}\n${stderr}`);
      assert.match(stdout, /^ℹ pass [1-9]/m, "something was tested");
    });
};

onGuest(guest.name, async () => [await testsDisk()], [contract]);
