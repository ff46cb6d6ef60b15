/** Metrics: what LXD's readers expect, who may read, and that many containers cost little. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { type Identity, listenAt, makeIdentity, Network, trust } from "../support/https";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  await client.createProject({ name: "lab", config: { "features.images": "false", "features.profiles": "false" } });
  for (const project of ["default", "lab"]) {
    const name = project === "lab" ? "far" : "web";
    const answer = await daemon.request("POST", `/1.0/instances?project=${project}`, {
      name,
      source: { type: "image", alias: "template:busybox" },
      config: { "limits.memory": "64MiB" },
    });
    assert.equal(answer.status, 202);
    const { operation } = answer.body as { operation: string };
    await daemon.request("GET", `${operation}/wait`);
    const start = await daemon.request("PUT", `/1.0/instances/${name}/state?project=${project}`, { action: "start" });
    await daemon.request("GET", `${(start.body as { operation: string }).operation}/wait`);
  }
  // Before the first look: what was read is kept for some seconds.
  await client.execOutput("web", {
    command: [
      "sh",
      "-ec",
      `i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done
       ip link set lo up; ip link add 'a"b\\c' type dummy 2>/dev/null || true; ping -c 2 -i 0.1 127.0.0.1 >/dev/null`,
    ],
  });
  await listenAt(daemon);
});

const read = async (query = "") => (await shared.send("GET", `/1.0/metrics${query}`)).text;

/** The families that LXD 5.0.2 shows of a container that runs, in its order, with their labels. */
const ofLxd = `
lxd_cpu_seconds_total counter cpu mode name project type
lxd_filesystem_avail_bytes gauge device fstype mountpoint name project
lxd_filesystem_free_bytes gauge device fstype mountpoint name project
lxd_filesystem_size_bytes gauge device fstype mountpoint name project
lxd_memory_Active_anon_bytes gauge name project type
lxd_memory_Active_file_bytes gauge name project type
lxd_memory_Active_bytes gauge name project type
lxd_memory_Cached_bytes gauge name project type
lxd_memory_Dirty_bytes gauge name project type
lxd_memory_Inactive_anon_bytes gauge name project type
lxd_memory_Inactive_file_bytes gauge name project type
lxd_memory_Inactive_bytes gauge name project type
lxd_memory_Mapped_bytes gauge name project type
lxd_memory_MemAvailable_bytes gauge name project type
lxd_memory_MemFree_bytes gauge name project type
lxd_memory_MemTotal_bytes gauge name project type
lxd_memory_RSS_bytes gauge name project type
lxd_memory_Shmem_bytes gauge name project type
lxd_memory_Swap_bytes gauge name project type
lxd_memory_Unevictable_bytes gauge name project type
lxd_memory_Writeback_bytes gauge name project type
lxd_network_receive_bytes_total counter device name project type
lxd_network_receive_drop_total counter device name project type
lxd_network_receive_errs_total counter device name project type
lxd_network_receive_packets_total counter device name project type
lxd_network_transmit_bytes_total counter device name project type
lxd_network_transmit_drop_total counter device name project type
lxd_network_transmit_errs_total counter device name project type
lxd_network_transmit_packets_total counter device name project type
lxd_procs_total gauge name project type
`.trim();

/** Each family with its type and the labels of its first sample. */
function familiesOf(text: string): string {
  const found = [...text.matchAll(/^# TYPE (\S+) (\S+)\n\S+?\{(.*)\} \S+$/gm)];
  return found.map(([, name, type, labels = ""]) => `${name} ${type} ${namesOf(labels)}`).join("\n");
}
const namesOf = (labels: string) => [...labels.matchAll(/(\w+)="[^"]*"/g)].map(([, label]) => label).join(" ");

const sampleOf = (text: string, family: string, name: string): number =>
  Number(new RegExp(`^${family}\\{[^\\n]*name="${name}"[^\\n]*\\} (\\S+)$`, "m").exec(text)?.[1]);

test("families, their order and their labels are those of LXD", async () => {
  const answer = await shared.send("GET", "/1.0/metrics");
  assert.match(String(answer.headers["content-type"]), /^text\/plain/);
  assert.equal(familiesOf(answer.text), ofLxd);
  assert.ok(answer.text.endsWith("# EOF\n"));
  const { text } = answer;
  assert.equal(sampleOf(text, "lxd_memory_MemTotal_bytes", "web"), 64 * 1024 * 1024);
  assert.ok(sampleOf(text, "lxd_memory_MemFree_bytes", "web") < 64 * 1024 * 1024);
  assert.ok(sampleOf(text, "lxd_procs_total", "web") >= 1);
  assert.ok(sampleOf(text, "lxd_filesystem_size_bytes", "web") > 0);
  assert.match(
    text,
    /^lxd_network_receive_bytes_total\{device="lo",name="web",project="default",type="container"\} \d+$/m,
  );
});

test("processor time and interfaces are those of the container, whatever it calls them", async () => {
  const text = await read();
  const spent = [...text.matchAll(/^lxd_cpu_seconds_total\{[^\n]*name="web"[^\n]*\} (\S+)$/gm)].map(([, value]) =>
    Number(value),
  );
  assert.ok(spent.reduce((sum, value) => sum + value, 0) > 0);
  assert.ok(sampleOf(text, "lxd_network_receive_bytes_total", "web") > 0);
  for (const line of text.split("\n").filter((each) => each !== "" && !each.startsWith("#")))
    assert.match(line, /^lxd_\w+\{(\w+="([^"\\\n]|\\[\\"n])*",?)+\} -?\d+(\.\d+)?(e[+-]?\d+)?$/);
});

test("a project's instances are shown alone when it is named, and a stopped one not at all", async () => {
  assert.match(await read(), /name="far"/);
  const own = await read("?project=lab");
  assert.ok(own.includes('name="far"') && !own.includes('name="web"'));
  assert.equal(await read("?project=nowhere"), "# EOF\n");
  assert.equal(familiesOf(await shared.client.getMetrics()), ofLxd);
});

test("clients for metrics read them and nothing else, each those of its projects", async () => {
  const { daemon } = shared;
  await using network = await Network.to(daemon);
  const [stranger, all, some, admin, restricted] = [
    makeIdentity("stranger"),
    makeIdentity("all"),
    makeIdentity("some"),
    makeIdentity("admin"),
    makeIdentity("restricted"),
  ] as const;
  await trust(daemon, all, { type: "metrics" });
  await trust(daemon, some, { type: "metrics", restricted: true, projects: ["lab"] });
  await trust(daemon, admin);
  await trust(daemon, restricted, { restricted: true, projects: ["lab"] });
  const ask = (who: Identity | undefined, target = "/1.0/metrics") => network.send(who, "GET", target);
  for (const who of [undefined, stranger]) assert.equal((await ask(who)).status, 403);
  for (const who of [all, admin]) {
    const { status, text } = await ask(who);
    assert.equal(status, 200);
    assert.ok(text.includes('name="web"') && text.includes('name="far"'));
  }
  for (const who of [some, restricted]) {
    const { status, text } = await ask(who);
    assert.equal(status, 200);
    assert.ok(!text.includes('name="web"') && text.includes('name="far"'));
    assert.equal((await ask(who, "/1.0/metrics?project=default")).status, 403);
  }
  for (const target of ["/1.0/instances", "/1.0/resources", "/1.0/operations", "/1.0/certificates"])
    assert.equal((await ask(all, target)).status, 403, target);
  assert.equal(((await ask(all, "/1.0")).json.metadata as { auth: string }).auth, "untrusted");
  const deleted = await shared.send("DELETE", `/1.0/certificates/${all.fingerprint}`);
  assert.equal(deleted.status, 200);
  assert.equal((await ask(all)).status, 403);
});

test("an address for metrics shows them and nothing else, and moves at once", async () => {
  const { daemon } = shared;
  const set = (config: Record<string, string>) => shared.send("PATCH", "/1.0", { config });
  assert.equal((await set({ "core.metrics_address": "127.0.0.1" })).status, 200);
  const admin = makeIdentity("reader");
  await trust(daemon, admin);
  {
    await using network = await Network.to(daemon, 9100);
    assert.equal((await network.send(admin, "GET", "/1.0/metrics")).status, 200);
    assert.equal((await network.send(undefined, "GET", "/1.0/metrics")).status, 403);
    for (const target of ["/1.0", "/1.0/instances", "/"])
      assert.equal((await network.send(admin, "GET", target)).status, 404);
    assert.equal((await network.send(admin, "POST", "/1.0/certificates", {})).status, 404);
    assert.equal(await network.upgrade(admin, "/1.0/events"), 404);
    assert.equal((await set({ "core.metrics_authentication": "false" })).status, 200);
    const open = await network.send(undefined, "GET", "/1.0/metrics");
    assert.ok(open.status === 200 && open.text.includes('name="web"'));
    assert.equal((await set({ "core.metrics_authentication": "" })).status, 200);
  }
  const taken = await set({ "core.metrics_address": "127.0.0.1:8443" });
  assert.equal(taken.status, 400);
  assert.match(taken.json.error ?? "", /Cannot listen on core\.metrics_address "127\.0\.0\.1:8443": something else/);
  await daemon.stop();
  await daemon.start();
  {
    await using network = await Network.to(daemon, 9100);
    assert.equal((await network.send(admin, "GET", "/1.0/metrics")).status, 200);
  }
  assert.equal((await set({ "core.metrics_address": "" })).status, 200);
  await using network = await Network.to(daemon, 9100);
  await assert.rejects(network.send(admin, "GET", "/1.0/metrics"));
  const stopped = await shared.outcome("PUT", "/1.0/instances/far/state?project=lab", { action: "stop", force: true });
  assert.equal(stopped.status, 200);
});
