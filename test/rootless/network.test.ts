/** Networks of an ordinary user's daemon: a bridge in a network of its own, which pasta connects with the host's, and ports that are published on the host. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { test } from "node:test";
import { Netns } from "../../scripts/scene/netns";
import type { Client } from "../../sdk/index";
import { needs } from "../support/needs";
import { withUserDaemon } from "../support/ordinary-user";
import { send } from "../support/raw-http";
import { until } from "../support/until";

const skip = needs("root", "uidmap");
const skipOutside = needs("root", "uidmap", "passt");

const source = { type: "image", alias: "template:busybox" } as const;

const inside = async (client: Client, command: string): Promise<string> => {
  const { stdout } = await client.execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
};

/** A request, as busybox can send it without a look at names, and not for ever. */
const get = (address: string): string =>
  `(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | timeout 10 nc ${address.replace(":", " ")}`;

async function launch(client: Client, devices = {}): Promise<void> {
  await (await client.createInstance({ name: "box", source, devices })).wait();
  await (await client.setInstanceState("box", { action: "start" })).wait();
  await client.waitInstance("box", { for: "ipv4", timeoutSeconds: 60 });
  // Its DHCP client sets the address first, and the route a moment later.
  await until(async () => /^default/m.test(await inside(client, "ip -4 route")));
}

/** Lets users have TAP devices, as most distributions do, for what is started behind these words alone. */
const withTun = [
  "unshare",
  "--mount",
  "--",
  "sh",
  "-c",
  'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"',
  "sh",
];

test("a container has an address of the user's own bridge, and a proxy publishes its port on the host", { skip }, () =>
  withUserDaemon(
    async ({ daemon, netns }) => {
      const { client } = daemon;
      await launch(client, { web: { type: "proxy", listen: "tcp:127.0.0.1:8080", connect: "tcp:127.0.0.1:80" } });
      const [network] = await client.listNetworks();
      assert.equal(network?.managed, true);
      assert.match(await inside(client, "ip -4 addr show dev eth0"), /inet 10\./);
      await inside(client, "mkdir /srv && echo hello >/srv/index.html && httpd -p 80 -h /srv");
      const answer = await netns.run("curl", "-s", "--max-time", "5", "http://127.0.0.1:8080/");
      assert.equal(answer.trim(), "hello");
      // The bridge is in the user's network, and the host has none of it.
      assert.doesNotMatch(await netns.run("ip", "-o", "link"), /bothy|veth/);
      await (await client.setInstanceState("box", { action: "stop", force: true })).wait();
      await assert.rejects(netns.run("curl", "-s", "--max-time", "5", "http://127.0.0.1:8080/"));
    },
    { bare: false },
  ),
);

test("containers reach the world by pasta, and not the host's own loopback", { skip: skipOutside }, () =>
  withUserDaemon(
    async ({ daemon, netns }) => {
      const { client } = daemon;
      await launch(client);
      const warnings = (await client.listWarnings()).map(({ type }) => type);
      assert.ok(!warnings.includes("Networks without a way out of the host"), daemon.log());
      assert.match(await inside(client, get("198.51.100.1:8000")), /world$/);
      const loopback = spawn("nsenter", [
        "--target",
        String(netns.pid),
        "--net",
        "busybox",
        "httpd",
        "-f",
        "-p",
        "127.0.0.1:9000",
      ]);
      try {
        await until(async () => (await netns.run("ss", "-ltn")).includes("127.0.0.1:9000"));
        // What is in the place of the host's loopback and addresses in the user's network answers nothing of theirs.
        for (const address of ["198.51.100.1", "198.51.100.2", "127.0.0.1"])
          assert.doesNotMatch(await inside(client, get(`${address}:9000`)), /HTTP/);
      } finally {
        loopback.kill("SIGKILL");
      }
    },
    { bare: false, before: withTun, prepare: connectToWorld },
  ),
);

/** The same where the host's resolver is one of its own loopback, as systemd-resolved is on most desktops. */
const withOwnResolver = [
  ...withTun,
  "sh",
  "-c",
  'echo "nameserver 127.0.0.53" >/dev/net/resolv && mount --bind /dev/net/resolv "$(readlink -f /etc/resolv.conf)" && exec "$@"',
  "sh",
];

test("a resolver of the host's loopback answers containers", { skip: skipOutside }, () =>
  withUserDaemon(
    async ({ daemon }) => {
      const { client } = daemon;
      await launch(client);
      assert.match(await inside(client, "timeout 20 nslookup lore.example"), /Address.*198\.51\.100\.77/);
      assert.match(await inside(client, "timeout 20 nslookup box"), /Address.*10\./);
      const { value, etag } = await client.getNetwork("bothybr0");
      const config = { ...value.config, "security.egress.allow": "lore.example:80, 198.51.100.1:8000" };
      await client.updateNetwork("bothybr0", { ...value, config }, { etag });
      assert.match(await inside(client, "timeout 20 nslookup lore.example"), /Address.*198\.51\.100\.77/);
      assert.match(await inside(client, "timeout 20 nslookup tale.example"), /NXDOMAIN/);
      assert.match(await inside(client, get("198.51.100.1:8000")), /world$/);
      assert.doesNotMatch(await inside(client, get("198.51.100.1:8001")), /world/);
      const { text } = await send(daemon.socket, "GET", "/1.0/networks/bothybr0/egress/log");
      assert.match(text, /"name":"tale\.example"/);
      const web = { type: "proxy", nat: "true", listen: "tcp:198.51.100.2:80", connect: "tcp:0.0.0.0:80" };
      await assert.rejects(client.patchInstance("box", { devices: { web } }), /NAT mode needs root's daemon/);
    },
    { bare: false, before: withOwnResolver, prepare: connectToResolver },
  ),
);

/** A host with a way out whose resolver knows one name. */
async function connectToResolver(netns: Netns): Promise<AsyncDisposable> {
  const world = await connectToWorld(netns);
  const own = ["--listen-address=127.0.0.53", "--bind-interfaces", "--no-resolv", "--no-hosts", "--conf-file="];
  const words = ["--target", String(netns.pid), "--net", "dnsmasq", "--keep-in-foreground", "--pid-file=", ...own];
  const resolver = spawn("nsenter", [...words, "--address=/lore.example/198.51.100.77"], { stdio: "ignore" });
  await until(async () => (await netns.run("ss", "-lun")).includes("127.0.0.53:53"));
  return {
    [Symbol.asyncDispose]: async () => {
      resolver.kill("SIGKILL");
      await world[Symbol.asyncDispose]();
    },
  };
}

/** A host with a way out: eth0 with an address and a default route, and a web server at its end. */
async function connectToWorld(netns: Netns): Promise<AsyncDisposable> {
  const world = await Netns.create();
  const peer = ["peer", "name", "eth0", "netns", String(netns.pid)];
  await world.run("ip", "link", "add", "name", "w0", "type", "veth", ...peer);
  await world.run("ip", "address", "add", "198.51.100.1/24", "dev", "w0");
  await world.run("ip", "link", "set", "dev", "w0", "up");
  await netns.run("ip", "address", "add", "198.51.100.2/24", "dev", "eth0");
  await netns.run("ip", "link", "set", "dev", "eth0", "up");
  await netns.run("ip", "route", "add", "default", "via", "198.51.100.1");
  const folder = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
  execFileSync("sh", ["-c", 'echo world >"$0/index.html"', folder]);
  const words = ["--target", String(world.pid), "--net", "busybox", "httpd", "-f", "-p", "8000", "-h", folder];
  const server = spawn("nsenter", words, { stdio: "ignore" });
  await until(async () => (await world.run("ss", "-ltn")).includes(":8000"));
  return {
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGKILL");
      execFileSync("rm", ["-r", folder]);
      await world[Symbol.asyncDispose]();
    },
  };
}

test("where the host has no way out the daemon starts all the same, and says so", { skip }, () =>
  withUserDaemon(
    async ({ daemon }) => {
      const warnings = await daemon.client.listWarnings();
      const about = warnings.find(({ type }) => type === "Networks without a way out of the host");
      assert.match(about?.last_message ?? "", /^Containers reach nothing beyond this host: .*pasta/);
    },
    { bare: false },
  ),
);
