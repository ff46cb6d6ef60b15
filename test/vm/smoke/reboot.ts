/** Smoke, reboot: a host's reboot is a clean end for its containers, and those that ran or want to start again. */
import assert from "node:assert/strict";
import { daemonAnswers, get, inside, type Part, shows } from "../support";

export const reboot: Part = async (t, machine) => {
  await machine.must("bothy launch template:busybox idle && bothy stop --force idle");
  await machine.must("bothy launch template:busybox wanted -c boot.autostart=true && bothy stop --force wanted");
  const endsBefore = (await inside(machine, "web", "cat /ends")).split("\n").length;

  await shows(t, machine, "the host reboots, and the daemon is up when it has booted", async () => {
    await machine.reboot();
    await daemonAnswers(machine);
  });

  await shows(
    t,
    machine,
    "containers that ran and those with boot.autostart run again, stopped ones do not",
    async () => {
      const statusOf = async (name: string) =>
        ((await get(machine, `/1.0/instances/${name}`)) as { status: string }).status;
      const settled =
        "until [ $(curl -sS --unix-socket /var/lib/bothy/unix.socket 'http://bothy/1.0/instances?recursion=1' | grep -o '\"status\":\"Running\"' | wc -l) = 2 ]; do sleep 0.5; done";
      await machine.must(settled);
      assert.deepEqual(
        [await statusOf("web"), await statusOf("wanted"), await statusOf("idle")],
        ["Running", "Running", "Stopped"],
      );
    },
  );

  await shows(t, machine, "the container was shut down in order before the host went down", async () => {
    assert.equal((await inside(machine, "web", "cat /ends")).split("\n").length, endsBefore + 1);
  });
};
