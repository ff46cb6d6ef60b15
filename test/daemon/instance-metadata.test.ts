/** Metadata of instances: what a client changes in it is what the next start writes; it goes along with the instance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const image = { type: "image", alias: "template:busybox" };
const base = "/1.0/instances/web/metadata";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
});

async function inside(name: string, script: string): Promise<string> {
  const { stdout } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return String(stdout);
}

async function act(name: string, action: "start" | "stop"): Promise<void> {
  await (await shared.client.setInstanceState(name, { action, force: true })).wait();
}

const greeting = { when: ["start"], create_only: false, template: "greeting.tpl", properties: { word: "hello" } };

test("a template that a client writes and names is a file of the next start, and no file once it is taken away", async () => {
  const { client } = shared;
  const { value: before } = await client.getInstanceMetadata("web");
  assert.equal(before.architecture, "x86_64");
  await client.putInstanceTemplate("web", "greeting.tpl", "{{ properties.word }} {{ instance.name }} {{ path }}\n");
  assert.ok((await client.listInstanceTemplates("web")).includes("greeting.tpl"));
  await client.patchInstanceMetadata("web", { templates: { "/etc/greeting": greeting }, properties: { mine: "yes" } });
  const { value: after } = await client.getInstanceMetadata("web");
  assert.deepEqual(after.templates, { ...before.templates, "/etc/greeting": greeting });
  assert.deepEqual(after.properties, { ...before.properties, mine: "yes" });
  await act("web", "start");
  assert.equal(await inside("web", "cat /etc/greeting"), "hello web /etc/greeting\n");
  await client.putInstanceTemplate("web", "greeting.tpl", "anew\n");
  await act("web", "stop");
  await act("web", "start");
  assert.equal(await inside("web", "cat /etc/greeting"), "anew\n");
  await act("web", "stop");
  assert.equal(await client.getInstanceTemplate("web", "greeting.tpl"), "anew\n");
  await client.updateInstanceMetadata("web", before);
  await client.deleteInstanceTemplate("web", "greeting.tpl");
  assert.deepEqual((await client.getInstanceMetadata("web")).value, before);
  await act("web", "start");
  await act("web", "stop");
});

test("what a client changed goes along with a rename and a copy, and not with the name of a deleted instance", async () => {
  const { client } = shared;
  await (await client.createInstance({ name: "one", source: image })).wait();
  await client.putInstanceTemplate("one", "own.tpl", "own\n");
  await (await client.renameInstance("one", "two")).wait();
  await (await client.createInstance({ name: "three", source: { type: "copy", source: "two" } })).wait();
  for (const name of ["two", "three"]) {
    assert.equal(await client.getInstanceTemplate(name, "own.tpl"), "own\n");
    await (await client.deleteInstance(name)).wait();
  }
  await (await client.createInstance({ name: "two", source: image })).wait();
  assert.ok(!(await client.listInstanceTemplates("two")).includes("own.tpl"));
  await (await client.deleteInstance("two")).wait();
});

test("an image that is made of an instance has what a client changed", async () => {
  const { client } = shared;
  const { value } = await client.getInstanceMetadata("web");
  await client.putInstanceTemplate("web", "greeting.tpl", "of {{ instance.name }}\n");
  await client.patchInstanceMetadata("web", { templates: { "/etc/greeting": greeting } });
  const published = await client.createImage({ source: { type: "instance", name: "web" } });
  await published.wait();
  const fingerprint = String(published.latest.metadata?.fingerprint);
  await (await client.createInstance({ name: "born", source: { type: "image", fingerprint }, start: true })).wait();
  assert.equal(await inside("born", "cat /etc/greeting"), "of born\n");
  await act("born", "stop");
  await (await client.deleteInstance("born")).wait();
  await (await client.deleteImage(fingerprint)).wait();
  await client.updateInstanceMetadata("web", value);
  await client.deleteInstanceTemplate("web", "greeting.tpl");
});

test("a start says which template is missing, and a stale ETag changes nothing", async () => {
  const { client } = shared;
  const { value, etag } = await client.getInstanceMetadata("web");
  await client.patchInstanceMetadata("web", { templates: { "/etc/greeting": greeting } });
  await assert.rejects(client.updateInstanceMetadata("web", value, { etag }), { code: "PRECONDITION_FAILED" });
  const told = await shared.outcome("PUT", "/1.0/instances/web/state", { action: "start" });
  assert.match(told.error, /template "greeting.tpl" is missing. Write it/);
  await client.updateInstanceMetadata("web", value);
});

test("metadata and templates that no start could use are refused", async () => {
  const refuses = (method: string, url: string, body: unknown, message: RegExp, status = 400) =>
    shared.refusesAtOnce(method, url, body as never, status, message);
  const template = { when: ["start"], template: "x.tpl" };
  await refuses("PUT", base, { templates: { "/../etc/passwd": template } }, /not a path inside a container/);
  await refuses("PUT", base, { templates: { "/a": { ...template, template: "../x" } } }, /Invalid template filename/);
  await refuses("PUT", base, { templates: { "/a": { when: "start" } } }, /templates/);
  await refuses("PUT", base, { creation_date: -1 }, /creation_date/);
  const { value } = await shared.client.getInstanceMetadata("web");
  await shared.client.patchInstanceMetadata("web", { properties: { a: "x".repeat(900 * 1024) } });
  await refuses("PATCH", base, { properties: { b: "x".repeat(900 * 1024) } }, /larger than 1 MiB/);
  await shared.client.updateInstanceMetadata("web", value);
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`/f${index}`, template]));
  await refuses("PUT", base, { templates: many }, /more than 1000 files/);
  const templates = `${base}/templates`;
  await refuses("POST", templates, "x", /missing path argument/);
  await refuses("DELETE", templates, undefined, /missing path argument/);
  for (const path of ["../metadata.yaml", "a/b", ".", "%00"])
    await refuses("POST", `${templates}?path=${path}`, "x", /Invalid template filename|NUL/);
  await refuses("GET", `${templates}?path=../metadata.yaml`, undefined, /Invalid template filename/);
  await refuses("POST", `${templates}?path=x`, Buffer.from([0xff, 0xfe]) as never, /no text in UTF-8/);
  await refuses("POST", `${templates}?path=x`, "{% if %}", /Cannot use template "x"/);
  await refuses("POST", `${templates}?path=x`, "y".repeat(1024 * 1024 + 1), /larger than 1 MiB/);
  await refuses("GET", `${templates}?path=none`, undefined, /Template "none" not found/, 404);
  await refuses("DELETE", `${templates}?path=none`, undefined, /Template "none" not found/, 404);
  await refuses("GET", "/1.0/instances/none/metadata", undefined, /Instance not found/, 404);
});
