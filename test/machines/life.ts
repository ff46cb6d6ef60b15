/** Life: what every system is asked to show: a boot, an address, its console, a reboot from inside, a clean shutdown. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { until } from "../support/until";
import { type Machine, shutdownSeconds } from "./machine";

/** Times in seconds, for the page. */
export interface Life {
  readonly boot: number;
  readonly shutdown: number;
}

/** Runs the parts as tests below one; the machine is there and stopped, before and after. */
export async function live(t: TestContext, machine: Machine): Promise<Life> {
  const { client, system, name } = machine;
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const since = Date.now();
    await work();
    return (Date.now() - since) / 1000;
  };
  let boot = 0;
  let shutdown = 0;

  await machine.shows(t, "it boots, and nothing of it has failed", async (inner) => {
    boot = await timed(async () => {
      await machine.setState("start");
      assert.equal(await machine.faults(), "");
    });
    inner.diagnostic(`boot: ${boot.toFixed(2)} s`);
  });

  await machine.shows(
    t,
    `its own client (${system.client}) has an address of our network, and a name there`,
    async () => {
      const address = await machine.address();
      const { value } = await client.getInstance(name);
      const network = value.expanded_devices.eth0?.network;
      const { body } = await machine.daemon.request("GET", `/1.0/networks/${network}/leases`);
      const leases = (body as { metadata: { hostname: string; address: string; type: string }[] }).metadata;
      const own = leases.filter(({ hostname, type }) => hostname === name && type === "dynamic");
      assert.ok(
        own.some((lease) => lease.address === address),
        JSON.stringify(leases),
      );
      assert.match(await machine.run("ip -4 route show default"), /dev eth0/);
    },
  );

  await machine.shows(t, "the console's log has its boot, and who attaches is served", async () => {
    // The last lines of a boot are written when it has ended.
    await until(async () => system.greeting.test(await client.getConsoleLog(name)));
    if (system.hasLogin) await machine.run("passwd -d root");
    const attached = await machine.attach();
    if (system.hasLogin) {
      await attached.type("", /login: /);
      await attached.type("root", /[#$] $/);
    }
    await attached.type(
      "echo on $(tty) of $(cat /proc/sys/kernel/hostname)",
      new RegExp(`on /dev/(console|pts/0) of ${name}`),
    );
    await attached.leave();
    assert.match(await client.getConsoleLog(name), new RegExp(`on /dev/(console|pts/0) of ${name}`));
    const again = await machine.attach();
    await again.type("echo $((6 * 7)) again", /42 again/);
    await again.leave();
  });

  await machine.shows(t, "a reboot from inside brings it up again, with its address", async () => {
    await machine.reboot();
    assert.equal(await machine.faults(), "");
    await machine.address();
  });

  await machine.shows(t, `a stop is a power-off of its own, within ${shutdownSeconds} seconds`, async (inner) => {
    shutdown = await timed(() => machine.setState("stop", shutdownSeconds));
    inner.diagnostic(`shutdown: ${shutdown.toFixed(2)} s`);
    assert.equal((await client.getInstance(name)).value.status, "Stopped");
    assert.match(await client.getInstanceLog(name, "lxc.log"), /Ended: .*"reason":"halt"(?![\s\S]*Ended:)/);
  });

  return { boot, shutdown };
}
