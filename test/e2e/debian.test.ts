/** A real machine container: Debian with systemd, built, booted, asked and powered off. The one test that waits for a whole Debian. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { progressOf } from "../../sdk/client/pending-operation";
import { lacksContainers } from "../provider/support/lacks";
import { PluginProcess } from "../provider/support/plugin-process";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = lacksContainers() || requireFeature("debian", existsSync("/usr/bin/mmdebstrap"));

/**
 * A folder for the front of the daemon's PATH, with an mmdebstrap that reaches the package archive: the test daemon's
 * own network namespace has no way out.
 */
function outsideMmdebstrap(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-debian-"));
  const program = path.join(folder, "mmdebstrap");
  writeFileSync(program, `#!/bin/sh\nexec nsenter --net=/proc/${process.pid}/ns/net /usr/bin/mmdebstrap "$@"\n`);
  chmodSync(program, 0o755);
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Runs a command in the container. @returns its output @throws AssertionError with its complaint when it fails */
async function inside({ client }: TestDaemon, ...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await client.execOutput("web", { command });
  assert.equal(code, 0, `${command.join(" ")}: ${stdout}${stderr}`);
  return String(stdout).trim();
}

/** Waits until systemd has ended its work; it can be asked when its own socket is there. @returns what it says of the whole */
async function boot({ client }: TestDaemon): Promise<string> {
  const script = "until [ -S /run/systemd/private ]; do sleep 0.05; done; exec systemctl is-system-running --wait";
  const { stdout, stderr } = await client.execOutput("web", { command: ["sh", "-c", script] });
  return `${stdout}${stderr}`.trim();
}

/** Has the provider take the container over and start it; it is done when systemd has ended its work and somebody listens to HTTP. */
async function takeOver({ socket }: TestDaemon): Promise<void> {
  await using plugin = await PluginProcess.start({ env: { BOTHY_ENDPOINT: `unix://${socket}` } });
  const inputs = await plugin.checked("container", {
    name: "web",
    image: "template:debian/12-nginx",
    config: { "limits.memory": "512MiB" },
    adopt: true,
    wait: { all: [{ for: "systemd" }, { for: "port", port: 80 }], timeoutSeconds: 240 },
  });
  await plugin.create("container", inputs);
}

test("Debian boots systemd, serves a page at the address that it asked for, and powers off by itself", {
  skip,
}, async (t) => {
  using outside = outsideMmdebstrap();
  const env = { PATH: `${outside.path}:${process.env.PATH}` };
  await withDaemon({ bare: false, env }, (daemon) => wholeLife(t, daemon));
});

async function wholeLife(t: TestContext, daemon: TestDaemon): Promise<void> {
  const { client } = daemon;
  let since = Date.now();
  const lap = (what: string) => {
    t.diagnostic(`${what}: ${((Date.now() - since) / 1000).toFixed(2)} s`);
    since = Date.now();
  };

  await t.test("the template becomes an image, and tells how far it is", async () => {
    const told: string[] = [];
    const creation = await client.createInstance({
      name: "web",
      source: { type: "image", alias: "template:debian/12-nginx" },
      config: { "limits.memory": "512MiB" },
    });
    await creation.wait({ onProgress: (operation) => told.push(progressOf(operation)?.text ?? "") });
    lap("building and creating");
    assert.ok(new Set(told).size >= 6, [...new Set(told)].join(" | "));
  });

  await t.test("systemd reaches `running` with no failed unit", async () => {
    await takeOver(daemon);
    lap("start and boot");
    assert.equal(await inside(daemon, "systemctl", "is-system-running"), "running");
    assert.equal(await inside(daemon, "systemctl", "--failed", "--plain", "--no-legend"), "");
  });

  await t.test("its packages are whole, and files keep their owners and set-user-id bits", async () => {
    assert.equal(await inside(daemon, "dpkg", "--audit"), "");
    await inside(daemon, "test", "!", "-e", "/etc/apt/apt.conf.d/99mmdebstrap");
    assert.equal(await inside(daemon, "stat", "--format=%a %u:%g", "/usr/bin/su", "/"), "4755 0:0\n755 0:0");
    assert.match(await inside(daemon, "cat", "/etc/machine-id"), /^[0-9a-f]{32}$/);
  });

  await t.test("its own DHCP client gets an address, a route and a name server", async () => {
    const { network } = await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
    lap("address");
    const address = network?.eth0?.addresses.find(({ family, scope }) => family === "inet" && scope === "global");
    assert.ok(address, JSON.stringify(network));
    assert.match(await inside(daemon, "networkctl", "status", "eth0"), new RegExp(`${address.address} \\(DHCP4 via`));
    assert.match(await inside(daemon, "resolvectl", "query", "web.lxd"), new RegExp(address.address));
    await client.putFile("web", "/var/www/html/index.html", "Hello from Debian.\n");
    assert.equal(await daemon.run("curl", "-sS", `http://${address.address}/`), "Hello from Debian.\n");
    lap("page");
  });

  await t.test("a reboot from inside brings it up again", async () => {
    const { pid } = await client.getInstanceState("web");
    await client.execOutput("web", { command: ["systemctl", "reboot"] });
    await t.waitFor(
      async () => {
        const now = await client.getInstanceState("web");
        assert.ok(now.pid > 0 && now.pid !== pid, "a new init");
        assert.equal(await boot(daemon), "running");
      },
      { interval: 200, timeout: 120_000 },
    );
    lap("reboot");
  });

  await t.test("a stop without force is a power-off of its init", async () => {
    await (await client.setInstanceState("web", { action: "stop", timeout: 60 })).wait();
    lap("power-off");
    assert.equal((await client.getInstance("web")).value.status, "Stopped");
    assert.match(await client.getInstanceLog("web", "lxc.log"), /Ended: .*"reason":"halt"/);
  });

  await t.test("with security.nesting, where /sys is writable, it boots and gets its address as well", async () => {
    await client.patchInstance("web", { config: { "security.nesting": "true" } });
    await (await client.setInstanceState("web", { action: "start" })).wait();
    assert.equal(await boot(daemon), "running");
    await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
    lap("nesting");
    await (await client.setInstanceState("web", { action: "stop", timeout: 60 })).wait();
  });
}
