/** security.nesting: podman, crun and runc of Debian in a container, by root and by a user. Images are made on the spot, so nothing is fetched. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { Client } from "../../sdk/index";
import { withDaemon } from "../support/daemon";
import { needs } from "../support/needs";
import { podmanRoot } from "../support/podman-root";
import { requireFeature } from "../support/require";

const skip = needs("root") || requireFeature("debian", existsSync("/usr/bin/mmdebstrap"));

/** crun takes no hybrid layout with controllers in the tree of version 2, as of a host without systemd: it is shown the others alone. */
const crun = (command: string): string =>
  `if grep -qs . /sys/fs/cgroup/unified/cgroup.controllers
   then unshare -m sh -c 'umount /sys/fs/cgroup/unified && exec "$@"' sh ${command}; else ${command}; fi`;

const podman = "podman --runtime=runc";

/** A root of busybox in /srv/rootfs, and a bundle of it in /srv. */
const prepare = `set -e
mkdir -p /srv/rootfs/bin && cp /usr/bin/busybox /srv/rootfs/bin/
for name in sh cat echo id hostname grep; do ln -s busybox /srv/rootfs/bin/$name; done
cd /srv && runc spec && sed -i 's/"terminal": true/"terminal": false/; s/"sh"$/"sh","-c","echo $(hostname) $(id -u) $$"/' config.json`;

const fromScratch = `FROM scratch
COPY bin /bin
RUN ["/bin/sh", "-c", "echo built > /made"]
CMD ["/bin/cat", "/made"]`;

const asUser = {
  user: 1000,
  group: 1000,
  cwd: "/home/dev",
  environment: { HOME: "/home/dev", XDG_RUNTIME_DIR: "/tmp/run" },
};

async function run(client: Client, script: string, as: Partial<typeof asUser> = {}): Promise<string> {
  const { code, stdout, stderr } = await client.execOutput("outer", { command: ["sh", "-c", script], ...as });
  assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
  return String(stdout).trim();
}

/** Runs the work with a container "outer" of Debian in a pool. */
async function inDebian(driver: string, work: (client: Client) => Promise<void>): Promise<void> {
  const { usr, image } = await podmanRoot();
  await withDaemon({ bare: true }, async ({ client }) => {
    await client.createStoragePool({ name: "pool", driver, config: {} });
    const { metadata } = await (await client.createImageFromFile(image)).wait();
    const devices = {
      root: { type: "disk", path: "/", pool: "pool" },
      usr: { type: "disk", source: usr, path: "/usr", readonly: "true", shift: "true" },
    };
    const config = { "security.nesting": "true", "raw.lxc": "lxc.init.cmd=/usr/bin/sleep infinity" };
    const source = { type: "image" as const, fingerprint: String(metadata?.fingerprint) };
    await (await client.createInstance({ name: "outer", source, config, devices })).wait();
    await (await client.setInstanceState("outer", { action: "start" })).wait();
    await run(client, prepare);
    await work(client);
  });
}

test("runc and crun run a bundle, and podman runs and builds images by both of them", { skip }, () =>
  inDebian("dir", async (client) => {
    assert.equal(await run(client, "cd /srv && runc run one"), "runc 0 1");
    assert.equal(await run(client, `cd /srv && ${crun("crun run two")}`), "runc 0 1");
    await run(client, `tar -C /srv/rootfs -c . | ${podman} import - small`);
    const ask = "localhost/small /bin/sh -c 'cat /proc/net/route | grep -c eth0; id -u'";
    assert.equal(await run(client, `${podman} run --rm ${ask}`), "2\n0", "with a network of its own");
    const small = "podman --runtime=crun run --rm localhost/small /bin/id";
    assert.equal(await run(client, crun(small)), "uid=0 gid=0");
    await client.putFile("outer", "/srv/rootfs/Containerfile", fromScratch);
    await run(client, `${podman} build --tag made /srv/rootfs`);
    assert.equal(await run(client, `${podman} run --rm made`), "built");
    const limited = `${podman} run --rm --memory=64m localhost/small /bin/cat /proc/self/cgroup`;
    assert.match(await run(client, limited), /libpod/, "in a control group of its own");
  }),
);

test("on an overlay podman keeps images by fuse, and a user has containers with a network", { skip }, () =>
  inDebian("overlay", async (client) => {
    await run(client, `tar -C /srv/rootfs -c . | ${podman} import - small`);
    const ask = "localhost/small /bin/id";
    assert.equal(await run(client, `${podman} run --rm --network=none ${ask}`), "uid=0 gid=0");
    const mine = `mkdir -p -m 700 /tmp/run && tar -C /srv/rootfs -c . | ${podman} import - mine`;
    await run(client, mine, asUser);
    const script = "cat /proc/self/uid_map; grep -c tap0 /proc/net/route";
    const seen = await run(client, `${podman} run --rm localhost/mine /bin/sh -c '${script}'`, asUser);
    assert.deepEqual(
      seen.split("\n").map((line) => line.trim().split(/\s+/)),
      [["0", "1000", "1"], ["1", "100000", "65536"], ["2"]],
      "with subordinate ids of this container's",
    );
  }),
);
