/** The plugin under the real engine: a program of Node with the classes of bothy/native, and one of YAML. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useEngine, useYamlHost } from "../../scripts/scene/engine";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { makeIdentity } from "../support/https";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { repository } from "./support/program";
import { TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());
const secret = "correct-horse-battery-staple";
const env = { BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" };

const plugins = `plugins:\n  providers:\n    - { name: bothy, path: ${path.join(repository, "bin")} }\n`;

/** Every kind once, steered by stack configuration. */
const source = `
const native = require("bothy/native");
const config = new pulumi.Config();
const password = config.requireSecret("password");
const server = new native.Provider("server", { endpoint: config.require("endpoint"), project: "default" });
const own = { provider: server };
const made = new native.Project("made", { config: { "features.images": false } }, own);
const pool = new native.StoragePool("pool", { name: "pool1", driver: "dir" }, own);
const data = new native.StorageVolume("data", { pool, name: "data" }, own);
const acl = new native.NetworkAcl("acl", { egress: [{ action: "allow", state: "logged" }] }, own);
const zone = new native.NetworkZone("zone", { name: "lab.example" }, own);
new native.NetworkZoneRecord("record", { zone, name: "@", entries: [{ type: "MX", value: "10 mail" }] }, own);
const network = new native.Network("net", {
  name: "net1",
  config: { "ipv4.address": "10.87.0.1/24", "security.acls": acl.name, "dns.zone.forward": zone.name },
}, own);
new native.NetworkForward("forward", {
  network,
  listenAddress: "192.0.2.10",
  ports: [{ listenPort: "53", targetAddress: "10.87.0.200", protocol: "udp" }],
}, own);
const base = new native.Profile("base", {
  config: { "limits.memory": config.require("memory"), "user.password": password, "user.note": config.require("note") },
  devices: { root: { type: "disk", path: "/", pool }, eth0: { type: "nic", name: "eth0", network } },
}, { ...own, ignoreChanges: ['config["user.note"]'] });
const image = new native.Image("busybox", { template: "busybox", aliases: ["native-test"] }, own);
const web = new native.Container("web", {
  name: config.require("name"),
  image,
  profiles: [base],
  devices: { data: { type: "disk", pool, source: data, path: "/srv" } },
  config: { "user.tier": config.require("tier") },
  files: { "/etc/password": { content: pulumi.interpolate\`password=\${password}\\n\`, mode: "0600" } },
  wait: { command: ["test", "-e", "/etc/password"] },
}, { ...own, replaceOnChanges: ['config["user.tier"]'], customTimeouts: { create: "5m" } });
const settings = new native.ServerConfig("settings", { config: { "core.https_address": "127.0.0.1:8443" } }, own);
new native.Certificate("trusted", { certificate: config.require("certificate"), restricted: true, projects: [made] }, own);
const token = new native.TrustToken("token", {}, { ...own, dependsOn: [settings] });
exports.token = token.token;
const before = new native.Snapshot("before", { instance: web, name: "before" }, own);
const taken = config.getBoolean("take")
  ? new native.Profile("taken", { name: "taken", config: { "limits.cpu": "1" } }, { ...own, import: "taken" })
  : undefined;
exports.address = web.ipv4Address;
exports.snapshot = before.name;
exports.subnet = network.ipv4Address;
const leases = native.getNetworkOutput({ name: network.id }, { ...own, dependsOn: [web] }).leases;
exports.guests = leases.apply((all) => all.map(({ hostname }) => hostname));
`;

const configure = ({ stack }: TestStack, { socket }: TestDaemon) =>
  stack.setAllConfig({
    endpoint: { value: `unix://${socket}` },
    password: { value: secret, secret: true },
    memory: { value: "64MiB" },
    note: { value: "a" },
    tier: { value: "one" },
    name: { value: "web" },
    certificate: { value: makeIdentity().cert },
  });

test("a program of bothy/native goes through the real engine and the plugin", { skip }, (t) =>
  withDaemon({ bare: false }, (daemon) =>
    TestStack.with(env, async (program) => {
      const { client } = daemon;
      writeFileSync(path.join(program.folder, "Pulumi.yaml"), `name: app\nruntime: nodejs\nmain: index.js\n${plugins}`);
      await configure(program, daemon);
      program.program(source);
      const up = async () => (await program.must(program.up())).steps;

      await t.test("preview tells what is known and touches nothing", async () => {
        const { steps, outputs } = await program.must(program.preview());
        const nets = ["acl", "forward", "net", "record", "zone"];
        const others = ["base", "before", "busybox", "data", "made", "pool", "settings", "token", "trusted", "web"];
        const names = [...nets, ...others].sort();
        assert.deepEqual(Object.keys(steps).sort(), names);
        assert.equal(outputs.subnet, "10.87.0.1/24");
        assert.equal(outputs.snapshot, "before");
        assert.deepEqual(await client.listInstances(), []);
      });

      await t.test("up makes them, and a second one after a refresh finds nothing to do", async () => {
        const { outputs } = await program.must(program.up());
        assert.match(String(outputs.address), /^10\.87\.0\.\d+$/);
        assert.ok((outputs.guests as string[]).includes("web"), JSON.stringify(outputs.guests));
        assert.deepEqual((await program.must(program.refresh())).steps, {});
        await program.noChanges();
        assert.equal(program.stateText().includes(secret), false, "the secret stands in the state");
        const [asked] = (await client.listOperations()).filter((one) => one.class === "token");
        const { token } = await client.getCertificateToken(asked?.id ?? "");
        assert.equal(program.stateText().includes(token), false, "the token stands in the state");
        const { stdout } = await client.execOutput("web", { command: ["cat", "/etc/password"] });
        assert.equal(String(stdout), `password=${secret}\n`);
      });

      await t.test("options of the program and an import are the engine's, in one update", async () => {
        await client.createProfile({ name: "taken", config: { "limits.cpu": "1" } });
        await program.stack.setAllConfig({
          memory: { value: "96MiB" },
          note: { value: "b" },
          tier: { value: "two" },
          take: { value: "true" },
        });
        const createdAt = (await client.getInstance("web")).value.created_at;
        assert.deepEqual(await up(), { base: "update", before: "replace", taken: "import", web: "replace" });
        assert.notEqual((await client.getInstance("web")).value.created_at, createdAt, "replaceOnChanges");
        const [profile] = (await client.listProfiles()).filter(({ name }) => name.startsWith("base-"));
        assert.deepEqual([profile?.config["limits.memory"], profile?.config["user.note"]], ["96MiB", "a"]);
        await program.noChanges();
      });

      await t.test("destroy leaves what was there before", async () => {
        await program.must(program.destroy());
        assert.deepEqual(await client.listInstances(), []);
        const left = [...(await client.listProfiles()), ...(await client.listStoragePools())];
        assert.deepEqual(
          left.map(({ name }) => name),
          ["default", "default"],
        );
      });
    }),
  ),
);

/** What `bothy init` would be for YAML: a container on a server of its own, and its address. */
const yaml = (socket: string) => `
name: app
runtime: yaml
${plugins}
resources:
  server:
    type: pulumi:providers:bothy
    properties: { endpoint: "unix://${socket}" }
  small:
    type: bothy:Profile
    properties:
      config:
        limits.memory: 64MiB
        user.password: { fn::secret: ${secret} }
    options: { provider: "\${server}" }
  web:
    type: bothy:Container
    properties:
      image: template:busybox
      profiles: [default, "\${small.name}"]
      wait: { command: ["true"], timeoutSeconds: 60 }
    options: { provider: "\${server}" }
outputs:
  address: \${web.ipv4Address}
  container: \${web.name}
  server:
    fn::invoke:
      function: bothy:getServer
      options: { provider: "\${server}" }
      return: server
`;

test("a program of YAML makes a container", { skip: skip || requireFeature("pulumi-yaml", useYamlHost()) }, () =>
  withDaemon({ bare: false }, (daemon) =>
    TestStack.with(env, async (program) => {
      program.inOwnProcess = true;
      writeFileSync(path.join(program.folder, "Pulumi.yaml"), yaml(daemon.socket));
      const { outputs, steps } = await program.must(program.up());
      assert.deepEqual(steps, { small: "create", web: "create" });
      assert.match(String(outputs.container), /^web-[0-9a-f]{7}$/);
      assert.match(String(outputs.address), /^\d+\.\d+\.\d+\.\d+$/);
      assert.equal(outputs.server, (await daemon.client.getServer()).value.environment.server);
      assert.equal(program.stateText().includes(secret), false, "the secret stands in the state");
      await program.noChanges();
      await program.must(program.destroy());
      assert.deepEqual(await daemon.client.listInstances(), []);
    }),
  ),
);
