/** What an image says of itself, as its containers have it: names of architectures, properties, and files made of its templates. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { type Entry, rootEntry, tarball } from "./image-scene";

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));

const busybox = readFileSync(execFileSync("sh", ["-c", "command -v busybox"]).toString().trim());

/** An image that boots, with this metadata.yaml beside its architecture. */
const bootable = (metadata: string, ...entries: readonly Entry[]): Promise<Buffer> =>
  tarball([
    { name: "metadata.yaml", content: `${metadata}\ncreation_date: 1700000000\n` },
    rootEntry,
    ...["bin", "sbin", "dev", "proc", "sys", "etc"].map(
      (name): Entry => ({ name: `rootfs/${name}/`, type: "directory", mode: 0o755 }),
    ),
    { name: "rootfs/bin/busybox", content: busybox, mode: 0o755 },
    { name: "rootfs/sbin/init", type: "symlink", linkname: "/bin/busybox" },
    { name: "rootfs/bin/sh", type: "symlink", linkname: "/bin/busybox" },
    ...entries,
  ]);

/** @returns the fingerprint @throws ApiError with what the operation said */
async function imported(bytes: Buffer): Promise<string> {
  const operation = await shared.client.createImageFromFile(Readable.from([bytes]));
  const { metadata } = await operation.wait();
  return String(metadata?.fingerprint);
}

const create = (name: string, fingerprint: string, more: object = {}) =>
  shared.outcome("POST", "/1.0/instances", { name, source: { type: "image", fingerprint }, ...more });

/** Creates, starts, runs the command inside and deletes. @returns what it printed */
async function seenInside(name: string, fingerprint: string, script: string): Promise<string> {
  const made = await create(name, fingerprint);
  assert.equal(made.status, 200, made.error);
  const started = await shared.outcome("PUT", `/1.0/instances/${name}/state`, { action: "start" });
  assert.equal(started.status, 200, started.error);
  const { stdout, stderr } = await shared.client.execOutput(name, { command: ["/bin/busybox", "sh", "-c", script] });
  await shared.outcome("PUT", `/1.0/instances/${name}/state`, { action: "stop", force: true });
  await shared.outcome("DELETE", `/1.0/instances/${name}`);
  return `${stdout}${stderr}`;
}

/** As LXD 5.0.2 has them, tried one by one. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: "x86_64 amd64 generic_64",
  i686: "i686 i386 i586 386 x86 generic_32",
  armv7l: "armv7l armhf armhfp armv7a_hardfp armv7 armv7a_vfpv3_hardfp",
  armv6l: "armv6l armel arm",
  armv8l: "armv8l",
  aarch64: "aarch64 arm64 arm64_generic",
  ppc: "ppc powerpc",
  ppc64: "ppc64 powerpc64",
  ppc64le: "ppc64le ppc64el",
  s390x: "s390x",
  mips: "mips mipsel mipsle",
  mips64: "mips64 mips64el mips64le",
  riscv32: "riscv32",
  riscv64: "riscv64",
};

test("an image is of the architecture that its name means, whatever name it uses, and keeps its properties", async () => {
  for (const [architecture, names] of Object.entries(architectures))
    for (const name of names.split(" ")) {
      const metadata = `architecture: ${name}\nproperties: {architecture: ${name}}`;
      const fingerprint = await imported(await tarball([{ name: "metadata.yaml", content: metadata }, rootEntry]));
      const { value } = await shared.client.getImage(fingerprint);
      assert.deepEqual([value.architecture, value.properties.architecture], [architecture, name]);
      await (await shared.client.deleteImage(fingerprint)).wait();
    }
  for (const name of ["foo", "AMD64", "x86-64", "noarch", "loongarch64"])
    await assert.rejects(
      tarball([{ name: "metadata.yaml", content: `architecture: ${name}` }, rootEntry]).then(imported),
      new RegExp(`Architecture isn't supported: "${name}"`),
    );
});

test("a container is made of an image for this host, by any name, and not of a foreign one", async () => {
  const { value } = await shared.client.getServer();
  const [own = ""] = value.environment.architectures;
  const alias = { x86_64: "amd64", aarch64: "arm64" }[own] ?? own;
  const fingerprint = await imported(await bootable(`architecture: ${alias}`));
  assert.equal(await seenInside("native", fingerprint, "echo up"), "up\n");
  const asked = await create("asked", fingerprint, { architecture: alias });
  assert.equal(asked.status, 200, asked.error);
  assert.equal((await shared.client.getInstance("asked")).value.architecture, own);
  const empty = await shared.outcome("POST", "/1.0/instances", {
    name: "empty",
    architecture: alias,
    source: { type: "none" },
  });
  assert.equal(empty.status, 200, empty.error);
  const patched = await shared.send("PATCH", "/1.0/instances/asked", { architecture: alias });
  assert.equal(patched.status, 200, patched.text);
  assert.equal((await shared.client.getInstance("asked")).value.architecture, own);
  const foreign = await imported(await bootable("architecture: s390x"));
  await shared.refuses(
    "POST",
    "/1.0/instances",
    { name: "foreign", source: { type: "image", fingerprint: foreign } },
    400,
    /^Cannot create instance "foreign": Requested architecture isn't supported by this host: it runs .*, not s390x\./,
  );
  for (const architecture of ["s390x", "foo"]) {
    const body = { name: "foreign", architecture, source: { type: "none" } };
    await shared.refuses("POST", "/1.0/instances", body, 400, /rchitecture isn't supported/);
    await shared.refuses("PATCH", "/1.0/instances/asked", { architecture }, 400, /rchitecture isn't supported/);
  }
});

test("plain values of metadata.yaml are taken as the text that stands there", async () => {
  const lines = [
    "a: 20.10",
    "b: 1_000",
    "c: 0x1F",
    "d: yes",
    "e: ~",
    "f: 2020-01-01",
    'g: "20.10"',
    "h: 1e3",
    "i: 010",
  ];
  const metadata = `architecture: x86_64\nexpiry_date: 1e9\nfoo: bar\nproperties: {${lines.join(", ")}, k: , 3: num}\n`;
  const fingerprint = await imported(await tarball([{ name: "metadata.yaml", content: metadata }, rootEntry]));
  const { value } = await shared.client.getImage(fingerprint);
  assert.deepEqual(value.properties, {
    a: "20.10",
    b: "1_000",
    c: "0x1F",
    d: "yes",
    f: "2020-01-01",
    g: "20.10",
    h: "1e3",
    i: "010",
    3: "num",
  });
  assert.equal(Date.parse(value.expires_at), 1e12);
});

const template = (...lines: readonly string[]) => `architecture: x86_64\ntemplates:\n${lines.join("\n")}`;
const text: Entry = {
  name: "templates/x.tpl",
  content: "{{ trigger }} {{ path }} {{ properties.a }}{{ properties.b }}",
};

test("a template's file appears though its folders are missing, and they belong to the container's root", async () => {
  const image = await bootable(
    template(
      "  /opt/t/x: {when: [create], template: x.tpl, properties: {a: 1, b: true}}",
      "  etc/deep/er/y: {when: [start], template: x.tpl}",
      "  /etc/present: {when: [create], create_only: yes, template: x.tpl}",
      "  /var/new: {when: [create], create_only: yes, template: x.tpl}",
      "  /link/z: {when: [create], template: x.tpl}",
      "  /never: {when: [somehow], template: lacking.tpl}",
      "  /never2: {template: sub/lacking.tpl}",
    ),
    text,
    { name: "rootfs/etc/present", content: "mine" },
    { name: "rootfs/srv/", type: "directory", mode: 0o755 },
    { name: "rootfs/link", type: "symlink", linkname: "../../../srv/there" },
  );
  const script =
    "stat -c '%n %a %u %g' /opt /opt/t /opt/t/x /etc/deep/er/y /var/new; cat /opt/t/x; echo; cat /etc/deep/er/y; echo; cat /etc/present; echo; cat /srv/there/z; ls /never* 2>/dev/null";
  assert.deepEqual((await seenInside("templated", await imported(image), script)).split("\n"), [
    "/opt 755 0 0",
    "/opt/t 755 0 0",
    "/opt/t/x 644 0 0",
    "/etc/deep/er/y 644 0 0",
    "/var/new 644 0 0",
    "create /opt/t/x 1true",
    "start etc/deep/er/y ",
    "mine",
    "create /link/z ",
  ]);
});

test("a template waits for the first start, and every new instance says what it waits for", async () => {
  const line = template("  /made: {when: [create, copy], template: x.tpl}");
  const fingerprint = await imported(await bootable(line, text));
  const { client } = shared;
  const pending = async (name: string) =>
    (await client.getInstance(name)).value.config["volatile.apply_template"] ?? "nothing";
  const hasFile = (name: string) =>
    client.getFile(name, "/made").then(
      () => true,
      () => false,
    );
  assert.equal((await create("waiting", fingerprint)).status, 200);
  assert.deepEqual([await pending("waiting"), await hasFile("waiting")], ["create", false]);
  assert.equal((await shared.outcome("PUT", "/1.0/instances/waiting/state", { action: "start" })).status, 200);
  assert.deepEqual([await pending("waiting"), await hasFile("waiting")], ["nothing", true]);
  await shared.outcome("PUT", "/1.0/instances/waiting/state", { action: "stop", force: true });
  for (const [name, source] of [
    ["waitcopy", { type: "copy", source: "waiting" }],
    ["waitempty", { type: "none" }],
  ] as const)
    assert.equal((await shared.outcome("POST", "/1.0/instances", { name, source })).status, 200);
  assert.deepEqual([await pending("waitcopy"), await pending("waitempty")], ["copy", "create"]);
  assert.equal((await shared.outcome("POST", "/1.0/instances/waiting", { name: "waitother" })).status, 200);
  assert.equal(await pending("waitother"), "rename");
  assert.equal((await shared.outcome("POST", "/1.0/instances/waitcopy", { name: "waitstill" })).status, 200);
  assert.equal(await pending("waitstill"), "copy");
  for (const name of ["waitother", "waitstill", "waitempty"])
    assert.equal((await shared.outcome("DELETE", `/1.0/instances/${name}`)).status, 200);
});

test("the first start makes templates for what was set before it, and leaves what somebody changed", async () => {
  const fingerprint = await imported(
    await bootable(
      template(
        "  /made: {when: [create, copy], template: y.tpl}",
        "  /changed: {when: [create, copy], template: y.tpl}",
        "  /removed: {when: [create, copy], template: y.tpl}",
        "  /once: {when: [create], create_only: true, template: y.tpl}",
        "  /present: {when: [create], create_only: true, template: y.tpl}",
        "  /renamed: {when: [rename], template: y.tpl}",
        "  /started: {when: [start], template: y.tpl}",
      ),
      { name: "templates/y.tpl", content: '{{ trigger }} {{ instance.name }} {{ config_get("user.a", "none") }}' },
      { name: "rootfs/present", content: "the image's" },
      { name: "rootfs/removed", content: "the image's" },
    ),
  );
  const { client } = shared;
  const state = (name: string, body: object) => shared.outcome("PUT", `/1.0/instances/${name}/state`, body);
  const files = ["made", "changed", "removed", "once", "present", "renamed", "started"];
  const seen = async (name: string) => {
    const started = await state(name, { action: "start" });
    assert.equal(started.status, 200, started.error);
    const command = ["/bin/busybox", "sh", "-c", 'for f; do busybox cat "/$f" 2>/dev/null || echo -n -; echo; done'];
    const { stdout } = await client.execOutput(name, { command: [...command, "sh", ...files] });
    assert.equal((await state(name, { action: "stop", timeout: 0 })).status, 200);
    return String(stdout).trimEnd().split("\n");
  };
  const set = (name: string, value: string) =>
    shared.send("PATCH", `/1.0/instances/${name}`, { config: { "user.a": value } });

  assert.equal((await create("early", fingerprint)).status, 200);
  assert.equal((await client.getInstance("early")).value.config["volatile.apply_template"], "create");
  await client.putFile("early", "/changed", Buffer.from("mine"));
  await client.deleteFile("early", "/removed");
  await set("early", "one");
  assert.equal((await shared.outcome("POST", "/1.0/instances/early/snapshots", { name: "unstarted" })).status, 200);
  assert.equal((await shared.outcome("POST", "/1.0/instances/early", { name: "named" })).status, 200);
  const made = (name: string, value: string) => [
    `create ${name} ${value}`,
    "mine",
    "-",
    `create ${name} ${value}`,
    "the image's",
    "-",
    `start ${name} ${value}`,
  ];
  assert.deepEqual(await seen("named"), made("named", "one"));
  const { config } = (await client.getInstance("named")).value;
  assert.deepEqual(
    Object.keys(config).filter((key) => key.startsWith("volatile.apply_template")),
    [],
  );
  await set("named", "two");
  assert.deepEqual(await seen("named"), [...made("named", "one").slice(0, -1), "start named two"]);

  const copy = { name: "copied", source: { type: "copy", source: "named" } };
  assert.equal((await shared.outcome("POST", "/1.0/instances", copy)).status, 200);
  await set("copied", "three");
  assert.deepEqual(await seen("copied"), [
    "copy copied three",
    "copy copied three",
    "copy copied three",
    "create named one",
    "the image's",
    "-",
    "start copied three",
  ]);
  assert.equal((await shared.outcome("POST", "/1.0/instances/copied", { name: "moved" })).status, 200);
  await set("moved", "four");
  assert.equal((await seen("moved"))[5], "rename moved four");

  assert.equal((await shared.outcome("PUT", "/1.0/instances/named", { restore: "unstarted" })).status, 200);
  await set("named", "five");
  assert.deepEqual(await seen("named"), made("named", "five"));
  for (const name of ["named", "moved"])
    assert.equal((await shared.outcome("DELETE", `/1.0/instances/${name}`)).status, 200);
});

test("a template never writes outside of the container's root, whatever symlinks its image has", async () => {
  const outside = path.join(shared.daemon.dir, "outside");
  execFileSync("mkdir", [outside]);
  const image = await bootable(
    template("  /out/a/b: {when: [create], template: x.tpl}", "  /out2: {when: [create], template: x.tpl}"),
    text,
    { name: "rootfs/out", type: "symlink", linkname: outside },
    { name: "rootfs/out2", type: "symlink", linkname: `../../../../../../../../${outside}/file` },
  );
  const made = await create("escape", await imported(image));
  assert.equal(execFileSync("find", [outside, "-mindepth", "1"]).toString(), "");
  if (made.status === 200) await shared.outcome("DELETE", "/1.0/instances/escape");
});

test("a template that can never be made is refused with its image, one that fails leaves no instance", async () => {
  const wrong: readonly (readonly [line: string, message: RegExp, ...entries: Entry[]])[] = [
    ["  /a: {when: [create], template: lacking.tpl}", /"lacking.tpl", which it lacks/],
    ["  /a: {when: [start], template: sub/y.tpl}", /"sub\/y.tpl", which must be a file name/],
    ["  /a: {when: [create], template: ../metadata.yaml}", /which must be a file name/],
    ["  /a/../../b: {when: [create], template: x.tpl}", /which is not a path inside a container/],
    [
      "  /a: {when: [create], template: bad.tpl}",
      /which cannot be read: .*tag/,
      { name: "templates/bad.tpl", content: "{% nope %}" },
    ],
    ["  /a: {when: create, template: x.tpl}", /templates\.\/a\.when/],
    ["  /a: {when: [create], template: x.tpl, properties: {a: [1]}}", /templates\.\/a\.properties\.a/],
  ];
  for (const [line, message, ...entries] of wrong)
    await assert.rejects(bootable(template(line), text, ...entries).then(imported), message);
  const fingerprint = await imported(await bootable(template("  /etc: {when: [create], template: x.tpl}"), text));
  // The first one also unpacks the image, which stays for others.
  assert.equal((await create("half", fingerprint)).status, 400);
  await shared.unchanged(async () => {
    const told = await create("half", fingerprint);
    assert.equal(told.status, 400);
    assert.match(told.error, /^Cannot make "\/etc" of the image's template: there is a folder in its place\./);
  });
});

test("an instance tells what it was made by until it has run, also where its image has no files to make", async () => {
  const { client } = shared;
  const fingerprint = await imported(await bootable("architecture: x86_64"));
  const told = async (name: string) => (await client.getInstance(name)).value.config["volatile.apply_template"];
  assert.equal((await create("web", fingerprint)).status, 200);
  assert.equal(await told("web"), "create");
  await (await client.createInstance({ name: "copy", source: { type: "copy", source: "web" } })).wait();
  assert.equal(await told("copy"), "copy");
  await (await client.renameInstance("web", "moved")).wait();
  assert.equal(await told("moved"), "create", "it has not run by its first name either");
  await (await client.setInstanceState("moved", { action: "start" })).wait();
  assert.equal(await told("moved"), undefined);
  for (const name of ["moved", "copy"]) await (await client.deleteInstance(name, { force: true })).wait();
});
