/** Smoke, service: containers stay alive whatever happens to the daemon's unit. */
import assert from "node:assert/strict";
import { daemonAnswers, inside, type Part, pidOf, shows, showsAtLength, unitShows } from "../support";

export const service: Part = async (t, machine) => {
  const pid = await pidOf(machine, "web");
  assert.ok(pid > 0, "the container of the parts before runs");
  const isAsBefore = async () => {
    assert.equal(await pidOf(machine, "web"), pid, "the same first process");
    assert.equal(await inside(machine, "web", "echo alive"), "alive");
  };

  await shows(t, machine, "its unit starts a daemon again that failed, and ends nothing else with it", async () => {
    assert.equal(await unitShows(machine, "Restart"), "on-failure");
    assert.equal(await unitShows(machine, "KillMode"), "process");
  });

  // The start of a daemon takes a minute by emulation; test/daemon/crash.test.ts kills daemons everywhere.
  await showsAtLength(
    t,
    machine,
    "a killed daemon is started again by its unit, and finds its containers",
    async () => {
      const before = await unitShows(machine, "MainPID");
      await machine.must(`kill -KILL ${before}; while [ -e /proc/${before} ]; do sleep 0.1; done`);
      await daemonAnswers(machine);
      assert.notEqual(await unitShows(machine, "MainPID"), before);
      await isAsBefore();
    },
  );

  await showsAtLength(
    t,
    machine,
    "a stop of the unit leaves containers alive, and the next command starts the unit again",
    async () => {
      await machine.must(`systemctl stop bothyd && test -d /proc/${pid}`);
      assert.equal(await unitShows(machine, "ActiveState"), "inactive");
      await machine.must("bothy list");
      assert.equal(await unitShows(machine, "ActiveState"), "active");
      await isAsBefore();
    },
  );

  await shows(t, machine, "the daemon's log has neither error nor warning", async () => {
    const script = "journalctl --unit bothyd --output cat --no-pager";
    const lines = (await machine.must(script)).split("\n");
    assert.deepEqual(
      lines.filter((line) => /^\S+ (warning|error) /.test(line)),
      [],
    );
  });
};
