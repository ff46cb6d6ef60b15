/** What the provider waits for, runs and keeps inside of containers that are there. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { useEngine } from "../../scripts/scene/engine";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { DynamicProcess, InitFailedAnswer } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";
import { PluginProcess } from "./support/plugin-process";
import { repository } from "./support/program";
import { TestStack } from "./support/stack";

const skip = lacksContainers();
let provider: DynamicProcess;
const shared = shareDaemon({ bare: false }, async ({ socket }) => {
  provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${socket}` } });
  return () => provider[Symbol.asyncDispose]();
});
clearedAfterEach(shared);
const image = "template:busybox";

/** A container whose init runs these lines at its start. */
const running = (script: string, wait: Props): Props => ({
  name: "web",
  image,
  files: { "/etc/rc.local": { mode: "0755", content: `#!/bin/sh\n${script}\n` } },
  wait,
});

/** Why a container does not come up; it is taken away. */
async function reasonOf(inputs: Props): Promise<string> {
  const made = provider.create("container", await provider.checked("container", inputs));
  const error = await made.then(
    () => assert.fail("it came up"),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof InitFailedAnswer, String(error));
  await provider.delete("container", error.id, error.properties);
  return error.message;
}

test("a container is waited for by ports, answers, lines and addresses, all of them and any of them", {
  skip,
}, async () => {
  let asked = 0;
  const server = createServer((_request, answer) => {
    asked += 1;
    answer.writeHead(asked > 2 ? 204 : 503).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  const web = new Managed(provider, "container");
  const script = "(sleep 1; echo is ready now >/var/log/app; echo hello >/dev/console; httpd -p 8080) &";
  const all = [
    { for: "ipv6", nic: "eth0" },
    { for: "port", port: 8080 },
    { for: "http", url, status: 204 },
    { for: "log", file: "/var/log/app", pattern: "is ready" },
    { for: "log", pattern: "^hello" },
  ];
  const any = [
    { for: "port", port: 1 },
    { for: "command", command: ["test", "-e", "/var/log/app"] },
  ];
  try {
    await web.up(running(script, { all, any, timeoutSeconds: 20 }));
  } finally {
    server.close();
  }
  assert.equal(asked, 3);
  const { network } = await shared.client.getInstanceState("web");
  assert.ok(network?.eth0?.addresses.some(({ family, scope }) => family === "inet6" && scope === "global"));
});

test("a wait whose time is over names all that is missing, and what was seen last", { skip }, async () => {
  const all = [
    { for: "port", port: 81 },
    { for: "log", file: "/var/log/app", pattern: "ready" },
    { for: "http", url: "http://127.0.0.1:1/health" },
    { for: "ipv4" },
  ];
  const script = "httpd -p 8080; echo still asleep >/var/log/app";
  const reason = await reasonOf(running(script, { all, timeoutSeconds: 3 }));
  assert.match(
    reason,
    /^Cannot bring up container "web": nobody listened on port 81 within 3 seconds; listened on are 8080\. Also /,
  );
  assert.match(reason, /no line of "\/var\/log\/app" matched \/ready\/; its last line was: still asleep\./);
  assert.match(
    reason,
    /http:\/\/127\.0\.0\.1:1\/health did not answer over HTTP; .* did not answer: connect ECONNREFUSED/,
  );
  assert.doesNotMatch(reason, /IPv4/, "it has one");
});

test("a wait ends at once for what can never be", { skip }, async () => {
  const wait = (condition: Props) => ({ name: "web", image, wait: { ...condition, timeoutSeconds: 600 } });
  assert.match(await reasonOf(wait({ for: "ipv4", nic: "eth7" })), /wait\.nic: it has no nic "eth7"\. It has eth0\./);
  assert.match(await reasonOf(wait({ for: "cloud-init" })), /its image has no cloud-init/);
  assert.match(await reasonOf(wait({ any: [{ for: "systemd" }] })), /its image has no systemd/);
  assert.match(
    await reasonOf(running("(sleep 1; poweroff -f) &", { for: "port", port: 1, timeoutSeconds: 600 })),
    /stopped|not running/,
  );
});

test("an exec runs its commands when it is made, changed and deleted, and keeps what they say", { skip }, async () => {
  const web = new Managed(provider, "container");
  await web.up({ name: "web", image });
  const run = async (...command: string[]) =>
    String((await shared.client.execOutput("web", { command })).stdout).trim();
  const exec = new Managed(provider, "exec");
  const given = {
    instance: "web",
    create: [
      "sh",
      "-c",
      'echo "made $COLOUR $(id -u):$(id -g) in $(pwd): $(cat)" | tee -a /tmp/log; echo bad >&2; exit 3',
    ],
    delete: ["sh", "-c", "echo deleted >>/tmp/log"],
    stdin: "from stdin",
    environment: { COLOUR: "red" },
    user: 33,
    group: 33,
    cwd: "/tmp",
    exitCodes: [0, 3],
  };
  await run("touch", "/tmp/log");
  await run("chmod", "666", "/tmp/log");
  assert.equal(await exec.up(given), "create");
  const { stdout, stderr, exitCode } = exec.outs;
  assert.deepEqual([stdout, stderr, exitCode], ["made red 33:33 in /tmp: from stdin\n", "bad\n", 3]);
  assert.ok(await exec.refresh());
  assert.equal(await exec.up(given), "same");

  assert.equal(await exec.up({ ...given, timeoutSeconds: 30 }), "update");
  assert.equal(await run("cat", "/tmp/log"), "made red 33:33 in /tmp: from stdin", "a time limit runs nothing");
  const changed = { ...given, stdin: "", update: ["sh", "-c", "echo changed | tee -a /tmp/log"] };
  assert.equal(await exec.up(changed), "update");
  assert.deepEqual([exec.outs.stdout, exec.outs.exitCode], ["changed\n", 0]);
  assert.equal(await exec.up({ ...changed, triggers: [1] }), "update", "triggers that come later replace nothing");
  assert.equal(await exec.up({ ...changed, triggers: [2] }), "replace");
  assert.deepEqual((await run("cat", "/tmp/log")).split("\n").slice(1), [
    "changed",
    "deleted",
    "made red 33:33 in /tmp:",
  ]);
  await exec.destroy();
  assert.match(await run("cat", "/tmp/log"), /deleted$/);

  await exec.up({ instance: "web", create: ["true"], delete: ["false"] });
  await assert.rejects(
    exec.destroy(),
    /Cannot run the delete command "false" in container "web": it ended with exit code 1/,
  );
  await web.destroy();
  assert.equal(await exec.refresh(), false, "it went with its container");
  await exec.destroy();
});

test("an exec that fails says so without secrets, and its time limit kills it", { skip }, async () => {
  const web = new Managed(provider, "container");
  await web.up({ name: "web", image });
  const password = "correct-horse-battery";
  const run = async (inputs: Props) => {
    const made = provider.create("exec", await provider.checked("exec", { instance: "web", ...inputs }));
    return made.then(
      ({ outs }) => outs,
      (error: unknown) => String(error),
    );
  };
  const environment = { PASSWORD: password, COLOUR: "red" };
  const __secrets = [
    ["environment", "PASSWORD"],
    ["create", "3"],
  ];
  const create = ["sh", "-c", 'echo "$COLOUR $PASSWORD $1"; echo "$PASSWORD" | base64 >&2; exit 4', "another-secret"];
  const failed = String(await run({ create, environment, __secrets }));
  assert.match(
    failed,
    /Cannot run the create command "sh -c .* \[hidden\]" in container "web": it ended with exit code 4, with the output: /,
  );
  assert.match(failed, /red \[hidden\]/);
  assert.doesNotMatch(failed, /correct|battery|another-secret|Y29ycmVjd/);
  const kept = await run({ create: ["sh", "-c", 'echo "it is $PASSWORD"'], environment, __secrets });
  assert.equal((kept as Props).stdout, "it is [hidden]\n");
  assert.match(String(await run({ create: ["nosuch"] })), /ended with exit code 127/);
  assert.match(
    String(await run({ create: ["sleep", "600"], timeoutSeconds: 0.5 })),
    /it did not end within 0\.5 seconds and was killed/,
  );
  const { stdout } = await shared.client.execOutput("web", { command: ["ps"] });
  assert.doesNotMatch(String(stdout), /sleep 600/);
  assert.match(
    String(await run({ instance: "nobody", create: ["true"] })),
    /Cannot create exec "nobody": instance: .*not found/i,
  );
});

/** Pulumi's marks of assets and archives on the wire. */
const asset = (of: Props) => ({ "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", ...of });
const archive = (of: Props) => ({ "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", ...of });

test("a folder is kept in a stopped container as it is on this machine, through both doors", { skip }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-folder-"));
  const write = (name: string, content: string, mode = 0o644) =>
    writeFileSync(path.join(folder, name), content, { mode });
  mkdirSync(path.join(folder, "sub/empty"), { recursive: true });
  write("index.html", "hello");
  write("sub/run", "#!/bin/sh\necho ran\n", 0o755);
  symlinkSync("index.html", path.join(folder, "link"));
  await using plugin = await PluginProcess.start({ config: { endpoint: `unix://${shared.daemon.socket}` } });
  for (const door of [provider, plugin]) {
    const web = new Managed(door, "container");
    await web.up({ name: "web", image, running: false });
    const run = async (...command: string[]) =>
      String((await shared.client.execOutput("web", { command })).stdout).trim();
    const site = new Managed(door, "file");
    const source = () => archive({ path: folder });
    const given = () => ({ instance: "web", path: "/srv/site", source: source(), uid: 33, gid: 33 });
    assert.equal(await site.up(given()), "create", "before its first boot");
    await web.up({ name: "web", image, running: true });
    assert.equal(
      await run("sh", "-c", "cd /srv/site; cat link; stat -c ' %a %u' index.html; ./sub/run; ls sub"),
      "hello 644 33\nran\nempty\nrun",
    );
    assert.ok(await site.refresh());
    assert.equal(await site.up(given()), "same");

    // What others put beside it is theirs; what they change of it is drift.
    await run("sh", "-c", "cd /srv/site; echo theirs >other; echo drift >index.html; chmod 600 sub/run; rm link");
    assert.ok(await site.refresh());
    assert.equal(await site.up(given()), "update");
    assert.equal(await run("sh", "-c", "cd /srv/site; cat link; ./sub/run; cat other"), "hello" + "ran\ntheirs");

    write("new", "later");
    assert.equal(await site.up(given()), "update");
    rmSync(path.join(folder, "new"));
    assert.equal(await site.up(given()), "update");
    assert.equal(await run("ls", "/srv/site"), "index.html\nlink\nother\nsub");
    await site.destroy();
    assert.equal(await run("find", "/srv/site"), "/srv/site\n/srv/site/other");
    await web.destroy();
  }
  rmSync(folder, { recursive: true });
});

test("a file takes text, bytes, assets and archives of them, and a secret one tells nothing of itself", {
  skip,
}, async () => {
  const web = new Managed(provider, "container");
  await web.up({ name: "web", image, running: false });
  const read = async (file: string) => {
    const live = await shared.client.getFile("web", file);
    return live.type === "file" ? await buffer(live.body) : Buffer.from(live.type);
  };
  const bytes = Buffer.from([0, 255, 10, 128]);
  const file = new Managed(provider, "file");
  const place = { instance: "web", path: "/etc/motd" };
  await file.up({ ...place, contentBase64: bytes.toString("base64") });
  assert.deepEqual(await read("/etc/motd"), bytes);
  assert.equal(await file.up({ ...place, source: asset({ text: "from an asset" }) }), "update");
  assert.equal(String(await read("/etc/motd")), "from an asset");
  assert.equal(await file.up({ ...place, content: "from an asset" }), "same", "what is in it counts");
  const assets = {
    "a/b": asset({ text: "x" }),
    c: archive({ assets: { d: asset({ path: path.join(repository, "package.json") }) } }),
  };
  assert.equal(await file.up({ ...place, source: archive({ assets }) }), "update", "a file becomes a folder");
  assert.equal(String(await read("/etc/motd/a/b")), "x");
  assert.match(String(await read("/etc/motd/c/d")), /"bothy"/);
  const __secrets = [["content"]];
  assert.equal(await file.up({ ...place, content: "correct-horse", __secrets }), "update");
  assert.equal(file.outs.hash, undefined);
  await file.destroy();
  await file.destroy();
  await web.destroy();
});

test("a container that is said in short words has its limits, ports and folders", { skip }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-mount-"));
  // The container's root is nobody on the host.
  chmodSync(folder, 0o755);
  writeFileSync(path.join(folder, "index.html"), "from the host");
  const web = new Managed(provider, "container");
  const given = {
    name: "web",
    image,
    limits: { memory: "64MiB", processes: 50 },
    mounts: [{ source: folder, path: "/srv/www", readonly: true }],
    ports: [{ host: 8088, container: 80, hostAddress: "127.0.0.1" }],
    files: { "/etc/rc.local": { mode: "0755", content: "#!/bin/sh\nhttpd -p 80 -h /srv/www\n" } },
    wait: { all: [{ for: "ipv4" }, { for: "port", port: 80 }], timeoutSeconds: 30 },
  };
  await web.up(given);
  const said = await shared.daemon.run("curl", "-sS", "http://127.0.0.1:8088/index.html");
  assert.equal(said, "from the host");
  const { value } = await shared.client.getInstance("web");
  assert.equal(value.config["limits.memory"], "64MiB");
  assert.ok(await web.refresh());
  assert.equal(await web.up(given), "same");
  assert.equal(await web.up({ ...given, limits: { memory: "96MiB" } }), "update");
  const now = (await shared.client.getInstance("web")).value.config;
  assert.deepEqual([now["limits.memory"], now["limits.processes"]], ["96MiB", undefined]);
  await web.destroy();
  rmSync(folder, { recursive: true });
});

const skipEngine = skip || onlyLong() || requireFeature("pulumi", useEngine());

test(
  "the engine carries folders, commands and short words, and no secret of theirs into the state",
  { skip: skipEngine },
  () =>
    TestStack.with({ BOTHY_ENDPOINT: `unix://${shared.daemon.socket}` }, async (stack) => {
      const folder = mkdtempSync(path.join(tmpdir(), "bothy-assets-"));
      writeFileSync(path.join(folder, "index.html"), "hello");
      const secret = "correct-horse-battery";
      await stack.must(
        stack.up(`
        const secret = pulumi.secret(${JSON.stringify(secret)});
        const web = new bothy.Container("web", {
          name: "web", image: "${image}", limits: { cpus: 1 }, cloudInit: { userData: secret }, wait: { all: [{ for: "ipv4" }] },
        });
        new bothy.File("site", { instance: web, path: "/srv/site", source: new pulumi.asset.FileArchive("${folder}") });
        const key = new bothy.File("key", { instance: web, path: "/etc/key", content: secret, mode: "0600" });
        const said = new bothy.Exec("said", {
          instance: web, create: ["sh", "-c", "cat /etc/key; echo; echo $KEY"], environment: { KEY: secret }, triggers: [key.mode],
        });
        exports.said = said.stdout;`),
      );
      assert.equal(stack.stateText().includes(secret), false, "the secret stands in the state");
      const digest = createHash("sha256").update(secret).digest("hex");
      assert.equal(stack.stateText().includes(digest), false, "the hash of the secret stands in the state");
      await stack.noChanges();
      assert.deepEqual((await stack.must(stack.refresh())).steps, {});
      await stack.noChanges();
      writeFileSync(path.join(folder, "index.html"), "hello again");
      assert.deepEqual((await stack.must(stack.up())).steps, { site: "update" });
      const { stdout } = await shared.client.execOutput("web", {
        command: ["cat", "/srv/site/index.html", "/etc/key"],
      });
      assert.equal(String(stdout), `hello again${secret}`);
      await stack.must(stack.destroy());
      rmSync(folder, { recursive: true });
    }),
);
