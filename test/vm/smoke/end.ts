/** Smoke, end: what is installed can be taken away, and leaves nothing but the state folder. */
import assert from "node:assert/strict";
import { type Part, shows } from "../support";

export const end: Part = async (t, machine) => {
  await shows(
    t,
    machine,
    "uninstalling ends containers and daemon, and leaves no process, group, mount or interface",
    async () => {
      await machine.must("bothy daemon --uninstall");
      assert.equal(await machine.must("pgrep -a 'bothy|dnsmasq' || true"), "");
      assert.equal(await machine.must("ls -d /sys/fs/cgroup/bothy-* 2>/dev/null || true"), "");
      assert.equal(await machine.must("grep /var/lib/bothy /proc/mounts || true"), "");
      assert.equal(await machine.must("ip -o link show type bridge"), "");
      assert.equal(
        await machine.must("systemctl list-unit-files --no-legend 'bothy*'"),
        await machine.must("systemctl list-unit-files --no-legend 'bothy-agent*'"),
      );
    },
  );
};
