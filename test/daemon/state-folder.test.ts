/** The state folder, seen by an ordinary user of the host. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { processesOf } from "../../scripts/scene/traces";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { hasProgram } from "../support/netns";
import { processText } from "../support/process";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("setpriv", hasProgram("setpriv"));
const nobodyInParticular = ["--reuid=4711", "--regid=4711", "--clear-groups", "--inh-caps=-all"];

/** Everything below the state folder that this user may read, list or write. */
function openTo(user: readonly string[], { dir }: TestDaemon): string[] {
  // What lxcfs shows of groups comes and goes while it is listed, and whoever reads it would have to get through its folder first.
  const shown = path.join(dir, "lxcfs/alone/lxcfs");
  const listing = [dir, "-path", shown, "-print0", "-prune", "-o", "-print0"];
  const all = execFileSync("find", listing, { maxBuffer: 64 << 20 });
  const script = `while IFS= read -r -d '' file; do
    for right in r w; do test -$right "$file" && printf '%s %s\\n' $right "\${file#"$0"}"; done; done; true`;
  const told = execFileSync("setpriv", [...user, "bash", "-c", script, dir], { input: all, encoding: "utf8" });
  return told.split("\n").filter(Boolean).sort();
}

test("an ordinary user of the host can read nothing that the daemon keeps, whatever its umask was", {
  skip,
}, async () => {
  for (const mask of ["0000", "0022"])
    await withDaemon(
      {
        bare: false,
        command: [
          "sh",
          "-c",
          `umask ${mask}; exec "$@"`,
          "sh",
          process.execPath,
          "--disable-warning=ExperimentalWarning",
          path.resolve(__dirname, "../../daemon/main.js"),
        ],
      },
      async (daemon) => {
        const { client } = daemon;
        // The test's own folder is closed, and the state folder of a host is not.
        await daemon.stop();
        chmodSync(path.dirname(daemon.dir), 0o755);
        await daemon.start();
        const source = { type: "image", alias: "template:busybox" };
        await (
          await client.createInstance({ name: "web", source, devices: { eth0: { type: "nic", network: "bothybr0" } } })
        ).wait();
        await (await client.createSnapshot("web", { name: "s0" })).wait();
        await (await client.setInstanceState("web", { action: "start" })).wait();
        await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
        await client.patchNetwork("bothybr0", { config: { "raw.dnsmasq": "# mine" } });
        await client.execOutput("web", { command: ["true"] });
        assert.deepEqual(openTo(nobodyInParticular, daemon), []);
        const pid = readFileSync(path.join(daemon.dir, "networks/bothybr0/dnsmasq.pid"), "utf8").trim();
        assert.doesNotMatch(processText(pid, "status"), /^Uid:\t0\t/m, "dnsmasq is not root");
        writeFileSync(path.join(daemon.dir, "left-open"), "", { mode: 0o644 });
        chmodSync(path.join(daemon.dir, "left-open"), 0o644);
        assert.deepEqual(openTo(nobodyInParticular, daemon), ["r /left-open"], "what is open would be seen");
      },
    );
});

test("no helper's command line tells users of the host who the guests are", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const hwaddr = "00:16:3e:77:66:55";
    const devices = { eth0: { type: "nic", network: "bothybr0", hwaddr } };
    const source = { type: "image", alias: "template:busybox" };
    await (await daemon.client.createInstance({ name: "web", source, devices })).wait();
    await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
    for (const pid of processesOf(daemon.place)) assert.doesNotMatch(processText(pid, "cmdline"), new RegExp(hwaddr));
  });
});
