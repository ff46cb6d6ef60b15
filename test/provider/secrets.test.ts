import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { redactorOf } from "../../provider/core/engine/secrets";
import type { Props } from "../../provider/core/engine/values";
import { useEngine } from "../../scripts/scene/engine";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { DynamicProcess, InitFailedAnswer } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { TestStack } from "./support/stack";

const skip = lacksContainers();
const skipEngine = skip || requireFeature("pulumi", useEngine());

const secret = "mArker/7+hunter2 & co'op";

/** A text in the forms in which programs print it. */
const forms = (text: string): string[] => [
  text,
  JSON.stringify(text).slice(1, -1),
  encodeURIComponent(text),
  encodeURIComponent(text).replace(/%../g, (one) => one.toLowerCase()),
  new URLSearchParams({ "": text }).toString().slice(1),
  Buffer.from(text).toString("hex"),
  ...["", "a", "ab"].map((before) => Buffer.from(`${before}${text}`).toString("base64").slice(4, -4)),
];

function assertHidden(what: string, text: string, of = secret): void {
  for (const form of forms(of)) assert.ok(!text.includes(form), `${form} stands in ${what}:\n${text}`);
}

const inputsWith = (text: string): Props => ({
  name: "web",
  wait: { command: [text] },
  __secrets: [["wait", "command", "0"]],
});

const printed: Record<string, string> = {
  "as it is": `said ${secret}.`,
  "in quotes": `said ${JSON.stringify({ a: secret })}`,
  "in an address": `GET /?q=${encodeURIComponent(secret)}`,
  "in an address with small digits": `GET /?q=${encodeURIComponent(secret).replace(/%../g, (one) => one.toLowerCase())}`,
  "in a form": new URLSearchParams({ a: "1", b: secret }).toString(),
  "as base64": Buffer.from(secret).toString("base64"),
  "within base64": Buffer.from(`user:${secret}@host`).toString("base64"),
  "within base64, one further": Buffer.from(`user1:${secret}@host`).toString("base64"),
  "within base64, two further": Buffer.from(`user12:${secret}@host`).toString("base64url"),
  "as base64 in lines": Buffer.from(`Basic ${secret}`)
    .toString("base64")
    .replace(/(.{8})/g, "$1\n"),
  "as hexadecimal digits": Buffer.from(secret).toString("hex"),
  "as hexadecimal digits in groups": Buffer.from(secret).toString("hex").toUpperCase().replace(/(..)/g, "$1 "),
  "quoted for a shell": `'${secret.replaceAll("'", "'\\''")}'`,
  "in capitals": secret.toUpperCase(),
};

for (const [how, text] of Object.entries(printed))
  test(`a secret is taken out of a text that has it ${how}`, () => {
    const clean = redactorOf(inputsWith(secret))(text);
    assert.match(clean, /\[hidden\]/);
    assertHidden("the text", clean);
    assert.ok(!/hunter2/i.test(clean), clean);
  });

test("lines and words of a secret are taken out as well", () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";
  const redact = redactorOf(inputsWith(key), inputsWith("password=correct-horse-battery-staple\nPORT=5432\n"));
  assert.equal(redact("line 3: hkiG9w0BAQEFAASC"), "line 3: [hidden]");
  assert.equal(redact("cut: G9w0BAQEFA, and orse-battery-sta"), "cut: [hidden], and [hidden]");
  assert.equal(redact("it is correct-horse-battery-staple"), "it is [hidden]");
  assert.equal(redact(`all:\n${key}`).includes("MII"), false);
});

test("what is not a secret stays readable", () => {
  const inputs = {
    name: "small",
    config: { "user.size": "small", "user.note": "nothing" },
    __secrets: [["config", "x"]],
  };
  assert.equal(redactorOf(inputs)('Cannot create "small": nothing'), 'Cannot create "small": [hidden]');
});

test("values that are often secret are taken out though nobody said so, by their keys, misspelt ones too", () => {
  const hidden = "correct-horse";
  for (const config of [
    "user.token",
    "environment.TOKEN",
    "cloud-init.user-data",
    "raw.lxc",
    "raw.seccomp",
    "enviroment.TOKEN",
  ])
    assert.equal(redactorOf({ config: { [config]: hidden } })(`it says ${hidden}`), "it says [hidden]", config);
  const devices = { eth0: { type: "nic", network: "lan-of-all", "user.token": hidden } };
  assert.equal(redactorOf({ devices })(`it says ${hidden} in lan-of-all`), "it says [hidden] in lan-of-all");
  const plain = { "limits.memory.enforce": "hardest", "limits.memry": "plenty" };
  assert.equal(redactorOf({ config: plain })("hardest, plenty"), "hardest, plenty");
});

/** Each fails in check or at the daemon, with the secret in another input. */
const refused: readonly (readonly [kind: string, path: string[], inputs: (text: string) => Props])[] = [
  ["container", ["name"], (text) => ({ name: text, image: "template:busybox" })],
  ["container", ["image"], (text) => ({ name: "web", image: text })],
  ["container", ["description"], (text) => ({ name: "web", image: "template:busybox", description: `${text}\0` })],
  [
    "container",
    ["profiles", "0"],
    (text) => ({ name: "web", image: "template:busybox", profiles: [text.replace(/[^a-z0-9]/gi, "")] }),
  ],
  [
    "container",
    ["config", "limits.memory"],
    (text) => ({ name: "web", image: "template:busybox", config: { "limits.memory": text } }),
  ],
  [
    "container",
    ["config", "raw.lxc"],
    (text) => ({ name: "web", image: "template:busybox", config: { "raw.lxc": text } }),
  ],
  ["container", ["config"], (text) => ({ name: "web", image: "template:busybox", config: { [text]: text } })],
  [
    "container",
    ["devices", "eth0", "network"],
    (text) => ({ name: "web", image: "template:busybox", devices: { eth0: { type: "nic", network: text } } }),
  ],
  [
    "container",
    ["devices", "d", "source"],
    (text) => ({
      name: "web",
      image: "template:busybox",
      devices: { d: { type: "disk", path: "/d", source: `/${text}` } },
    }),
  ],
  [
    "container",
    ["devices", "d", "type"],
    (text) => ({ name: "web", image: "template:busybox", devices: { d: { type: text } } }),
  ],
  [
    "container",
    ["source", "instance"],
    (text) => ({ name: "web", source: { instance: text.replace(/[^a-z0-9]/gi, "") } }),
  ],
  [
    "container",
    ["files"],
    (text) => ({ name: "web", image: "template:busybox", files: { "/etc": { content: text } } }),
  ],
  [
    "container",
    ["files", "/x", "mode"],
    (text) => ({ name: "web", image: "template:busybox", files: { "/x": { content: "", mode: text } } }),
  ],
  ["container", ["wait", "for"], (text) => ({ name: "web", image: "template:busybox", wait: { for: text } })],
  [
    "container",
    ["wait", "command", "2"],
    (text) => ({
      name: "web",
      image: "template:busybox",
      wait: { for: "command", command: ["sh", "-c", `echo ${text}; exit 1`], timeoutSeconds: 1 },
    }),
  ],
  [
    "container",
    ["wait", "command"],
    (text) => ({
      name: "web",
      image: "template:busybox",
      wait: { for: "command", command: [text], timeoutSeconds: 1 },
    }),
  ],
  [
    "container",
    ["files", "/s", "content"],
    (text) => ({
      name: "web",
      image: "template:busybox",
      files: { "/s": { content: text } },
      wait: {
        for: "command",
        command: ["sh", "-c", "cat /s; base64 /s; od -tx1 -An /s; cut -c3- /s; false"],
        timeoutSeconds: 1,
      },
    }),
  ],
  [
    "container",
    ["config", "environment.S"],
    (text) => ({
      name: "web",
      image: "template:busybox",
      config: { "environment.S": text },
      wait: { for: "command", command: ["sh", "-c", 'env; echo "$S" | base64; false'], timeoutSeconds: 1 },
    }),
  ],
  [
    "container",
    ["endpoint"],
    (text) => ({ name: "web", image: "template:busybox", endpoint: `unix:///nonexistent/${text}` }),
  ],
  [
    "profile",
    ["devices", "root", "pool"],
    (text) => ({ name: "p", devices: { root: { type: "disk", path: "/", pool: text.replace(/[^a-z0-9]/gi, "") } } }),
  ],
  ["network", ["config", "raw.dnsmasq"], (text) => ({ name: "net", config: { "raw.dnsmasq": text } })],
  ["network", ["config", "ipv4.address"], (text) => ({ name: "net", config: { "ipv4.address": text } })],
  ["network", ["type"], (text) => ({ name: "net", type: text })],
  ["storage-pool", ["driver"], (text) => ({ name: "pool", driver: text })],
  [
    "storage-pool",
    ["config", "source"],
    (text) => ({ name: "pool", driver: "dir", config: { source: `/nonexistent/${text}` } }),
  ],
  ["storage-volume", ["pool"], (text) => ({ name: "v", pool: text.replace(/[^a-z0-9]/gi, "") })],
  ["storage-volume", ["config", "size"], (text) => ({ name: "v", pool: "default", config: { size: text } })],
  ["image", ["sourceFile"], (text) => ({ sourceFile: `/nonexistent/${text}` })],
  ["image", ["template"], (text) => ({ template: text })],
  ["image", ["aliases", "0"], (text) => ({ template: "busybox", aliases: [`${text} x`] })],
  ["snapshot", ["instance"], (text) => ({ name: "s", instance: text.replace(/[^a-z0-9]/gi, "") })],
  ["snapshot", ["expiresAt"], (text) => ({ name: "s", instance: "web", expiresAt: text })],
];

test(
  "a secret in any input is in no failure, no error, no kept reason, no printed line and no line of the daemon's log",
  { skip },
  (t) =>
    withDaemon({ bare: false, env: { BOTHY_DEBUG: "1" } }, async (daemon) => {
      await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
      for (const [kind, path, inputs] of refused)
        await t.test(`${kind}: ${path.join(".")}`, async () => {
          const given = { ...inputs(secret), __secrets: [path] };
          const { inputs: checked, failures } = await provider.check(kind, {}, given);
          const failed = Object.keys(failures).length > 0;
          if (failed) {
            assertHidden("the failures", JSON.stringify(failures));
            const shown = Object.keys(failures).map((property) => JSON.stringify(checked[property.split(/[.[]/)[0]!]));
            assertHidden("what the engine shows of the inputs", shown.join());
            return;
          }
          try {
            const { id, outs } = await provider.create(kind, checked);
            await provider.delete(kind, id, outs);
            assert.fail("it was not refused");
          } catch (error) {
            if (error instanceof InitFailedAnswer) await provider.delete(kind, error.id, error.properties);
            const { message } = error as Error;
            assertHidden("the error", message);
            assertHidden("the error", message, "hunter2");
          }
        });
      assertHidden("what the provider printed", provider.output.join(""));
      assertHidden("the daemon's log", readFileSync(daemon.logfile, "utf8"));
      // What is addressed is named at the level debug: the server's objects have no secret names.
      const isAddress = (line: string) => /^\S+ debug Handling API request /.test(line);
      const log = readFileSync(daemon.logfile, "utf8")
        .split("\n")
        .filter((line) => !isAddress(line));
      assertHidden("the daemon's log", log.join("\n"), "hunter2");
    }),
);

test(
  "a program with a secret in every input leaves none in state, console and the daemon's log",
  { skip: skipEngine },
  () =>
    withDaemon({ bare: false, env: { BOTHY_DEBUG: "1" } }, (daemon) =>
      TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (stack) => {
        await stack.stack.setConfig("secret", { value: secret, secret: true });
        const program = (ready: string, more = "") => `
        const secret = new pulumi.Config().requireSecret("secret");
        const part = pulumi.interpolate\`# \${secret}\`;
        const pool = new bothy.StoragePool("pool", { driver: "dir", description: secret, config: { "user.s": secret } });
        const net = new bothy.Network("net", { description: secret, config: { "user.s": secret, "raw.dnsmasq": part } });
        const profile = new bothy.Profile("profile", { description: secret, config: { "user.s": secret, "environment.S": secret } });
        const image = new bothy.Image("image", { template: "busybox", properties: { s: secret } });
        const web = new bothy.Container("web", {
          name: "web", image, profiles: [profile, "default"], description: secret,
          config: { "user.plain": "plain", "user.s": secret, "cloud-init.user-data": part, "environment.T": secret${more} },
          files: { "/etc/s": { content: secret } },
          wait: { command: ["sh", "-c", pulumi.interpolate\`cat /etc/s; test -n '' || test "\${secret}" ${ready}\`], timeoutSeconds: 2 },
        });
        const copy = new bothy.Container("copy", { source: { instance: web }, running: false, wait: { for: "nothing" } });
        const snapshot = new bothy.Snapshot("snapshot", { instance: web });
        exports.config = web.config; exports.files = web.files; exports.wait = web.wait; exports.copied = copy.config;
        exports.described = [web, pool, net, profile].map((one) => one.description);`;
        const shown: string[] = [];
        const run = async (work: Promise<{ output: string; error?: string }>) => {
          const { output, error } = await work;
          shown.push(output, error ?? "");
          assertHidden("the console", `${output}${error}`);
          assertHidden("the state", stack.stateText());
          return error;
        };
        assert.match((await run(stack.up(program("= never")))) ?? "", /the command "sh -c \[hidden\]" did not succeed/);
        assert.match(stack.stateText(), /"initErrors"/);
        assert.equal(await run(stack.up(program('!= ""'))), undefined);
        const { deployment } = await stack.stack.exportStack();
        assert.match(JSON.stringify(deployment), /plain/, "what is not a secret is in the state in clear");
        assert.equal(await run(stack.refresh()), undefined);
        assert.equal(await run(stack.up(program('!= ""', ', "user.other": "1"'))), undefined);
        const bad = program('!= ""').replace(
          "description: secret, config",
          'description: secret.apply((text) => text + "\\0"), config',
        );
        assert.match((await run(stack.preview(bad))) ?? "", /description.*must not contain a NUL/);
        assert.equal(await run(stack.preview(program('!= ""'))), undefined);
        assert.equal(await run(stack.destroy()), undefined);
        assertHidden("the daemon's log", readFileSync(daemon.logfile, "utf8"));
      }),
    ),
);
