/** Proxies in NAT mode by what packets do: a machine outside asks an address of the host, and a container answers that sees who asked. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Device, Devices } from "../../sdk/api/common";
import { needs } from "../support/needs";
import { Answerer, ask, shortMs } from "../support/talk";
import { until } from "../support/until";
import { CabledScene, outside } from "./cabled-scene";

const skip = needs("root", "nft", "dnsmasq");
const answerers: Answerer[] = [];
after(async () => {
  for (const answerer of answerers) await answerer[Symbol.asyncDispose]();
});
const scene = new CabledScene(async ({ client }) => {
  const config = { "ipv4.address": "10.78.6.1/24", "ipv6.address": "fd78:6::1/64", "ipv6.dhcp.stateful": "true" };
  await client.createNetwork({ name: "nat6", config });
});

const listen = "192.0.2.7";
const listen6 = "2001:db8::7";
const eth0: Device = { type: "nic", network: "nat6", "ipv4.address": "10.78.6.10", "ipv6.address": "fd78:6::10" };
const web: Device = { type: "proxy", nat: "true", listen: `tcp:${listen}:80`, connect: "tcp:10.78.6.10:8080" };

const pidOf = async (name: string) => (await scene.client.getInstanceState(name)).pid;
const fromWorld = (port: number, protocol: "tcp" | "udp" = "tcp", to = listen, withinMs?: number) =>
  ask(scene.world.pid, protocol, to, port, { withinMs });

async function make(name: string, devices: Devices): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await scene.client.createInstance({ name, source, devices })).wait();
}

async function change(name: string, devices: Devices): Promise<void> {
  const { value } = await scene.client.getInstance(name);
  await (await scene.client.updateInstance(name, { ...value, devices })).wait();
}

/** Started, with somebody inside who answers. */
async function start(name: string, address6?: string): Promise<void> {
  const { client } = scene;
  await (await client.setInstanceState(name, { action: "start" })).wait();
  await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
  const inside = (...words: string[]) =>
    scene.shared.daemon.run("nsenter", "--target", String(pid), "--net", "ip", "-6", ...words);
  const pid = await pidOf(name);
  if (address6 !== undefined) {
    await inside("address", "add", `${address6}/64`, "dev", "eth0", "nodad");
    await inside("route", "replace", "default", "via", "fd78:6::1", "dev", "eth0");
  }
  answerers.push(await Answerer.in(pid, name, [80, 8080, 8081, 8082], [5353]));
}

const stop = async (name: string) =>
  (await scene.client.setInstanceState(name, { action: "stop", force: true })).wait();

const rules = () => scene.shared.daemon.run("nft", "list", "ruleset");

test("ports and ranges lead to the container, which sees who asked, over TCP and UDP of both families", {
  skip,
}, async () => {
  const devices = {
    eth0,
    web,
    range: { ...web, listen: `tcp:${listen}:90,91-92`, connect: "tcp:0.0.0.0:8080-8082" },
    all: { ...web, listen: `tcp:${listen}:10-19`, connect: "tcp:10.78.6.10:80" },
    names: { ...web, listen: `udp:${listen}:53`, connect: "udp:0.0.0.0:5353" },
    web6: { ...web, listen: `tcp:[${listen6}]:80`, connect: "tcp:[::]:8080" },
    names6: { ...web, listen: `udp:[2001:db8:0::7]:53`, connect: "udp:[fd78:6:0::10]:5353" },
  };
  await make("web", devices);
  assert.equal(await fromWorld(80, "tcp", listen, shortMs), "");
  await start("web", "fd78:6::10");
  assert.equal(await fromWorld(80), `hello web 8080 ${outside.ipv4}`);
  assert.equal(await fromWorld(91), `hello web 8081 ${outside.ipv4}`);
  assert.equal(await fromWorld(92), `hello web 8082 ${outside.ipv4}`);
  assert.equal(await fromWorld(15), `hello web 80 ${outside.ipv4}`);
  assert.equal(await fromWorld(20, "tcp", listen, shortMs), "");
  assert.equal(await fromWorld(53, "udp"), `hello web 5353 ${outside.ipv4}`);
  assert.equal(await fromWorld(80, "tcp", listen6), `hello web 8080 ${outside.ipv6}`);
  assert.equal(await fromWorld(53, "udp", listen6), `hello web 5353 ${outside.ipv6}`);
});

test("the host, a neighbour and the container itself are answered too, with br_netfilter and without", {
  skip,
}, async () => {
  const { daemon } = scene.shared;
  await scene.launch("other", "nat6");
  await scene.client.waitInstance("other", { for: "ipv4", timeoutSeconds: 60 });
  const pids = [daemon.netns.pid, await pidOf("other"), await pidOf("web")];
  const key = "net.bridge.bridge-nf-call-iptables";
  const known = (await daemon.run("sh", "-c", `sysctl -n ${key} || true`)).trim();
  for (const value of known === "" ? [undefined] : ["0", "1"]) {
    if (value !== undefined) await daemon.run("sysctl", "-w", `${key}=${value}`);
    for (const pid of pids) assert.match(await ask(pid, "tcp", listen, 80), /^hello web 8080 /, `${key}=${value}`);
  }
});

test("a running container gets a proxy, changes it and loses it, and follows the address of its nic", {
  skip,
}, async () => {
  await change("web", { eth0 });
  assert.equal(await fromWorld(80, "tcp", listen, shortMs), "");
  await change("web", { eth0, web });
  assert.equal(await fromWorld(80), `hello web 8080 ${outside.ipv4}`);
  await change("web", { eth0, web: { ...web, connect: "tcp:0.0.0.0:8081" } });
  assert.equal(await fromWorld(80), `hello web 8081 ${outside.ipv4}`);
  const moved = { ...eth0, "ipv4.address": "10.78.6.11", "ipv6.address": "" };
  await change("web", { eth0: moved, web: { ...web, connect: "tcp:0.0.0.0:8081" } });
  // Its own client asks for the new lease.
  await until(async () => (await fromWorld(80)) === `hello web 8081 ${outside.ipv4}`);
  await change("web", { eth0: moved, web: { ...web, nat: "false", connect: "tcp:127.0.0.1:80" } });
  assert.match(await fromWorld(80), /^hello web 80 127\.0\.0\.1/);
  await change("web", { eth0: moved, web: { ...web, connect: "tcp:0.0.0.0:8082" } });
  assert.equal(await fromWorld(80), `hello web 8082 ${outside.ipv4}`);
});

test("a proxy goes before a forward of the same address", { skip }, async () => {
  const { client } = scene;
  await client.createNetworkForward("nat6", { listen_address: listen, config: { target_address: "10.78.6.250" } });
  assert.equal(await fromWorld(80), `hello web 8082 ${outside.ipv4}`);
  await client.deleteNetworkForward("nat6", listen);
  assert.equal(await fromWorld(80), `hello web 8082 ${outside.ipv4}`);
});

test("bytes flow while the daemon is dead and after its next start, and rules that were lost come back", {
  skip,
}, async () => {
  const { daemon } = scene.shared;
  const table = () => daemon.run("nft", "list", "table", "inet", "bothy_nat6");
  const before = await table();
  await daemon.kill();
  assert.equal(await fromWorld(80), `hello web 8082 ${outside.ipv4}`);
  await daemon.start();
  assert.equal(await table(), before);
  await daemon.kill();
  await daemon.run("nft", "delete", "table", "inet", "bothy_nat6");
  await daemon.start();
  assert.equal(await fromWorld(80), `hello web 8082 ${outside.ipv4}`);
});

test("what leads nowhere is refused with its reason, and a port that another one has", { skip }, async () => {
  const { shared } = scene;
  const wrong: [Device, RegExp][] = [
    [{ bind: "instance" }, /Only host-bound proxies can use NAT/],
    [{ connect: "udp:10.78.6.10:80" }, /Proxying tcp <-> udp is not supported when using NAT/],
    [{ connect: "unix:/run/web" }, /Proxying tcp <-> unix is not supported when using NAT/],
    [{ listen: "unix:/run/web" }, /Proxying unix <-> tcp is not supported when using NAT/],
    [{ listen: "tcp:0.0.0.0:80" }, /Cannot listen on wildcard address "0\.0\.0\.0" when in nat mode/],
    [{ listen: "tcp:[0::0]:80", connect: "tcp:[::]:80" }, /Cannot listen on wildcard address "::" when in nat mode/],
    [{ listen: "tcp:127.0.0.1:80" }, /Cannot listen on loopback address "127\.0\.0\.1"/],
    [{ connect: "tcp:[fd78:6::10]:80" }, /Cannot mix IP versions between listen and connect in nat mode/],
    [{ proxy_protocol: "true" }, /The PROXY header can only be sent to tcp servers in non-nat mode/],
    [{ connect: "tcp:10.78.6.10:80-81" }, /Mismatch between listen port\(s\) and connect port\(s\) count/],
  ];
  const url = "/1.0/instances/other";
  for (const [options, message] of wrong)
    await shared.refuses("PATCH", url, { devices: { web: { ...web, ...options } } }, 400, message);
  const starts: [Device, RegExp][] = [
    [{}, /Connect IP "10\.78\.6\.10" must be one of the instance's static IPv4 addresses/],
    [{ connect: "tcp:0.0.0.0:80" }, /Instance has no static IPv4 address assigned to be used as the connect IP/],
    [
      { listen: `tcp:[${listen6}]:80`, connect: "tcp:[::]:80" },
      /Instance has no static IPv6 address assigned to be used as the connect IP/,
    ],
  ];
  for (const [options, message] of starts)
    await shared.refuses("PATCH", url, { devices: { web: { ...web, ...options } } }, 400, message);
  const nic = { ...eth0, "ipv4.address": "10.78.6.20", "ipv6.address": "" };
  await change("other", { eth0: nic });
  const taken = { devices: { web: { ...web, listen: `tcp:${listen}:79-81`, connect: "tcp:0.0.0.0:80" } } };
  await shared.refuses("PATCH", url, taken, 400, /tcp:192\.0\.2\.7:80 is listened on by the device "web" of .*"web"/);
  await stop("other");
  await scene.client.patchInstance("other", { devices: { web: { ...web, connect: "tcp:10.78.6.99:80" } } });
  await shared.refuses("PUT", `${url}/state`, { action: "start" }, 400, /Failed to start device "web": Connect IP/);
});

test("the rules go with the container's stop, also when it ended while the daemon was dead", { skip }, async () => {
  const { daemon } = scene.shared;
  await stop("web");
  assert.equal(await fromWorld(80, "tcp", listen, shortMs), "");
  assert.doesNotMatch(await rules(), /dnat/);
  await start("web");
  assert.equal(await fromWorld(80), `hello web 8082 ${outside.ipv4}`);
  const pid = await pidOf("web");
  await daemon.kill();
  process.kill(pid, "SIGKILL");
  await daemon.start();
  await until(async () => !/dnat/.test(await rules()));
  assert.equal(await fromWorld(80, "tcp", listen, shortMs), "");
});
