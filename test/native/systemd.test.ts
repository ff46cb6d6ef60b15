/** A Debian with systemd, brought up by the recipe of docs/native-protocol.md. Needs a root: BOTHY_DEBIAN_ROOT names one made by mmdebstrap. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { cgroupMounts, delegate, folders, join } from "./cgroups";
import { Spawner } from "./client";
import { Container, systemdMounts } from "./container";

const root = process.env.BOTHY_DEBIAN_ROOT;
const group = `bothy-test-${process.pid}-systemd`;

test("systemd boots to running with no failed unit, and powers off by its own signal", {
  skip: root === undefined && "BOTHY_DEBIAN_ROOT is not set",
}, async () => {
  const spawner = await Spawner.start();
  try {
    const container = await Container.start(spawner, "debian", {
      root: ["root-dir", root!],
      host: delegate(group),
      mounts: systemdMounts(cgroupMounts()),
      inside: [
        ["cap-keep", "1fcfdfcffff"],
        ["env", "container=lxc"],
        ["env", "TERM=linux"],
      ],
      command: ["/sbin/init"],
    });
    const run = async (...command: string[]) =>
      (
        await container.exec(command, { words: [join(group), ["env", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"]] })
      ).stdout.trim();
    let state = "";
    while (!/^(running|degraded|maintenance)$/.test(state)) {
      await pause(50);
      state = await run("systemctl", "is-system-running");
    }
    assert.equal(await run("systemctl", "--failed", "--no-legend"), "");
    assert.equal(state, "running");
    container.watch.write("signal 37\n");
    assert.deepEqual(await container.exited(), { signal: 2, reason: "halt" });
    assert.deepEqual(
      folders(group).filter((folder) => fs.existsSync(folder)),
      [],
    );
  } finally {
    await spawner.stop();
  }
});
