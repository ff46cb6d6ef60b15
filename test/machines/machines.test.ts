/**
 * Machines: distributions with their own inits as containers. `npm test` has two of them live, `npm run test:long` each; `npm run machines` asks
 * all that is asked of them (BOTHY_MACHINES: the names of systems, or all).
 */
import assert from "node:assert/strict";
import { appendFileSync, existsSync } from "node:fs";
import os from "node:os";
import { type TestContext, test } from "node:test";
import { readCgroupLayout } from "../../daemon/platform/host/cgroups";
import type { Shown } from "../../scripts/machines/shown";
import { lacksContainers } from "../provider/support/lacks";
import { withDaemon } from "../support/daemon";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { useApt } from "./apt";
import { tryOptions } from "./hardening";
import { imageOf } from "./image";
import { live } from "./life";
import { Machine, shutdownSeconds } from "./machine";
import { type System, systemNamed, systems } from "./systems";

const hasImages = process.env.BOTHY_TEST_MACHINES !== undefined || existsSync("/usr/bin/mmdebstrap");
const skip = lacksContainers() || requireFeature("debian", hasImages);

const asked = process.env.BOTHY_MACHINES;
const isWhole = asked !== undefined;
const chosen = asked === undefined || asked === "all" ? systems : asked.split(",").map(systemNamed);

/** The init that most have. Busybox as init is what the small images of nearly all tests have. */
const always = ["debian12-systemd"];
const skipOf = ({ name }: System) => skip || (!isWhole && !always.includes(name) && onlyLong());

const layout = readCgroupLayout();
const host = layout.v1.size === 0 ? "v2" : layout.v2 === undefined ? "v1" : "hybrid";

for (const system of chosen)
  test(`${system.title} with ${system.init}`, { skip: skipOf(system) }, async (t) => {
    const file = await imageOf(system);
    await withDaemon({ bare: false }, async (daemon) => {
      const machine = new Machine(daemon, system);
      await machine.create(file);
      const times = await live(t, machine);
      await machine.shows(
        t,
        "it boots with the strict list of system calls, and nothing of it has failed",
        async (inner) => {
          await machine.set({ "security.syscalls.profile": "strict" });
          await machine.setState("start");
          assert.equal(await machine.faults(), "");
          await machine.address();
          // fsopen, whose number is the same on all architectures: ENOSYS.
          assert.equal(await machine.run("perl -e 'syscall(430, 0, 0); print $! + 0'"), "38");
          if (isWhole) await useApt(machine);
          if (isWhole && system.init === "systemd") await haveOptions(machine, inner);
          await machine.setState("stop", shutdownSeconds);
          await machine.set({ "security.syscalls.profile": "" });
        },
      );
      await machine.setState("start");
      assert.equal(await machine.faults(), "");
      const inside = await insideOf(machine);
      await machine.shows(t, "its control groups are of the version that its init wants", async () =>
        assert.equal(inside, system.wantsV2 ? "v2" : host),
      );
      let options: string | undefined;
      if (isWhole) {
        await machine.shows(t, "apt installs, upgrades and removes a package of a repository on its disk", () =>
          useApt(machine),
        );
        if (system.init === "systemd")
          await machine.shows(t, "hardening options of units start, and count", async (inner) => {
            options = await haveOptions(machine, inner);
          });
      }
      await note(machine, { ...times, inside, ...(options === undefined ? {} : { options }) });
    });
  });

/** @returns how many of them, for people @throws AssertionError when one did not start that could */
async function haveOptions(machine: Machine, inner: TestContext): Promise<string> {
  const tried = await tryOptions(machine);
  const failures = tried.filter(({ failure }) => failure !== undefined);
  for (const { failure } of failures) inner.diagnostic(String(failure));
  const unexpected = failures.filter(({ option }) => !option.isRealtime).map(({ failure }) => failure);
  assert.deepEqual(unexpected, []);
  return optionsLine(
    tried.length,
    failures.map(({ option }) => option.option),
  );
}

const optionsLine = (count: number, failed: readonly string[]): string =>
  failed.length === 0 ? `all ${count}` : `${count - failed.length} of ${count}, not ${failed.join(" and ")}`;

/** By the type of what is mounted there. */
async function insideOf(machine: Machine): Promise<string> {
  return (await machine.run("stat --file-system --format=%T /sys/fs/cgroup")) === "cgroup2fs" ? "v2" : "hybrid";
}

/** For the page, where somebody asks for it. */
async function note(machine: Machine, found: Pick<Shown, "boot" | "shutdown" | "inside" | "options">): Promise<void> {
  const file = process.env.BOTHY_MACHINES_RESULTS;
  if (file === undefined || machine.hasFailed) return;
  const { name, title, client } = machine.system;
  const version = await machine.run(machine.system.version);
  const shown: Shown = { system: name, title, version, client, host, kernel: os.release(), ...found };
  appendFileSync(file, `${JSON.stringify(shown)}\n`);
}
