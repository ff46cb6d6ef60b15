import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { InitFailed, safeError } from "../../provider/core/engine/failure";
import { ApiError } from "../../sdk";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { CountingProxy } from "./support/counting-proxy";
import { DynamicProcess, InitFailedAnswer } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";

const skip = lacksContainers();

/** What create rejects with when the object was made all the same. */
async function halfMade(create: Promise<unknown>): Promise<InitFailedAnswer> {
  try {
    await create;
  } catch (error) {
    assert.ok(error instanceof InitFailedAnswer, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "create succeeded" });
}

const inDaemon = (work: (daemon: TestDaemon, provider: DynamicProcess) => Promise<void>) => () =>
  withDaemon({ bare: false }, async (daemon) => {
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    await work(daemon, provider);
  });

test(
  "a container that gets no address is kept with the reason and what was seen, and asked for without polling",
  { skip },
  inDaemon(async (daemon) => {
    const socket = path.join(path.dirname(daemon.dir), "counted.socket");
    await using proxy = await CountingProxy.start(socket, daemon.socket);
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${socket}` } });
    await daemon.client.createNetwork({ name: "silent", config: { "ipv4.dhcp": "false" } });
    const devices = { eth0: { type: "nic", network: "silent", name: "eth0" } };
    const inputs = await provider.checked("container", {
      name: "web",
      image: "template:busybox",
      devices,
      wait: { timeoutSeconds: 3 },
    });
    const { id, properties, reasons } = await halfMade(provider.create("container", inputs));
    assert.equal(id, "web");
    assert.match(
      reasons.join(),
      /^Cannot bring up container "web": it got no IPv4 address within 3 seconds; the container is Running, eth0 is /,
    );
    assert.equal(typeof properties.__provider, "string", "a later delete has code to run");
    const waits = proxy.requests.filter((line) => line.includes("/instances/web/wait"));
    assert.equal(waits.length, 1, "one request waits");
    assert.ok(proxy.requests.length < 20, proxy.requests.join("\n"));

    const news = await provider.checked("container", { ...inputs, wait: { for: "nothing" } }, inputs);
    assert.equal((await provider.diff("container", id, properties, news)).changes, true);
    const outs = await provider.update("container", id, properties, news);
    assert.equal(outs.status, "Running");
    assert.equal(outs.__unfinished, undefined);
    assert.equal((await provider.diff("container", id, outs, news)).changes, false);
    await provider.delete("container", id, outs);
    await daemon.client.deleteNetwork("silent");
  }),
);

test(
  "a container that was made and did not start is mended by an update, its files too",
  { skip },
  inDaemon(async ({ client }, provider) => {
    // A folder stands where the file should go, so that writing it fails after the container was made.
    const inputs = await provider.checked("container", {
      name: "web",
      image: "template:busybox",
      files: { "/etc/motd": { content: "hello" }, "/etc": { content: "no file" } },
    });
    const { id, properties, reasons } = await halfMade(provider.create("container", inputs));
    assert.match(reasons.join(), /^Cannot write file "\/etc" of container "web"/);
    assert.equal((await client.getInstance("web")).value.status, "Stopped");
    const news = await provider.checked(
      "container",
      { ...inputs, files: { "/etc/motd": { content: "hello" } } },
      inputs,
    );
    const outs = await provider.update("container", id, properties, news);
    assert.equal(outs.status, "Running");
    const { stdout } = await client.execOutput("web", { command: ["cat", "/etc/motd"] });
    assert.equal(String(stdout), "hello");
    await provider.delete("container", id, outs);
  }),
);

test(
  "an update goes on when somebody else changes the object at the same time",
  { skip },
  inDaemon(async ({ client }, provider) => {
    const inputs = await provider.checked("profile", { name: "shared", config: { "user.a": "0" } });
    const { id, outs } = await provider.create("profile", inputs);
    const others = Array.from({ length: 20 }, (_, at) => client.patchProfile(id, { description: `change ${at}` }));
    const news = await provider.checked("profile", { ...inputs, config: { "user.a": "1" } }, inputs);
    const [updated] = await Promise.all([provider.update("profile", id, outs, news), ...others]);
    assert.deepEqual(updated.config, { "user.a": "1" });
    await provider.delete("profile", id, outs);
  }),
);

test(
  "a step that takes longer than its time-out says which one to raise",
  { skip },
  inDaemon(async ({ client }, provider) => {
    // What takes its time is the wait, and not the image.
    await (await client.createImage({ source: { type: "template", template: "busybox" } })).wait();
    const inputs = await provider.checked("container", {
      name: "slow",
      image: "template:busybox",
      wait: { command: ["false"], timeoutSeconds: 60 },
      timeouts: { createSeconds: 6 },
    });
    const { reasons, properties } = await halfMade(provider.create("container", inputs));
    assert.match(reasons.join(), /it took longer than 6 seconds\. Raise timeouts\.createSeconds/);
    const news = await provider.checked("container", { ...inputs, timeouts: { updateSeconds: 1 } }, inputs);
    const again = await halfMade(provider.update("container", "slow", properties, news));
    assert.match(again.reasons.join(), /it took longer than 1 seconds\. Raise timeouts\.updateSeconds/);
    // No deletion is over so soon.
    const hurried = provider.delete("container", "slow", { ...properties, timeouts: { deleteSeconds: 0.001 } });
    await assert.rejects(hurried, /it took longer than 0\.001 seconds\. Raise timeouts\.deleteSeconds/);
    await provider.delete("container", "slow", properties);
  }),
);

const confidential = {
  config: { "user.password": "tr0ub4dor&3", "environment.TOKEN": 'with "quotes"', "limits.memory": "64MiB" },
  files: { "/etc/key": { content: "line one\nline two" } },
};

test("errors hold no confidential input, plain or quoted", () => {
  const server = new ApiError("BAD_REQUEST", 'Invalid: tr0ub4dor&3, "with \\"quotes\\"", line one\nline two, 64MiB');
  const { message } = safeError(server, 'Cannot create profile "p"', confidential);
  assert.equal(message, 'Cannot create profile "p": Invalid: [hidden], "[hidden]", [hidden], 64MiB');
});

test("an error that keeps an object in the state loses no part of it when it is cleaned", () => {
  const half = new InitFailed("web", { name: "web", gone: undefined }, new Error("saw tr0ub4dor&3"));
  const clean = safeError(half, "Cannot create", confidential);
  assert.ok(clean instanceof InitFailed);
  assert.deepEqual(
    [clean.id, clean.properties, clean.reasons],
    ["web", { name: "web" }, ["Cannot create: saw [hidden]"]],
  );
});
