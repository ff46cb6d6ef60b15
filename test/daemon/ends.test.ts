/** How instances end: one lifecycle event each, as LXD 5.0.2 sends it, and one line in the log that says why. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Lifecycle } from "../../sdk/api/event";
import type { Client, Event } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };

const parentOf = (pid: number) => Number(/^\d+ \(.*\) . (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);

class Ends {
  #marks = 0;
  private constructor(
    private readonly client: Client,
    private readonly events: AsyncIterator<Event>,
  ) {}

  static async listen(client: Client): Promise<Ends> {
    return new Ends(client, (await client.openEvents({ types: ["lifecycle"] }))[Symbol.asyncIterator]());
  }

  /** What told of ends since the last call, in the order in which it came. */
  async heard(): Promise<string[]> {
    // What was sent before this profile was made has come when its event comes.
    const mark = `mark-${this.#marks++}`;
    await this.client.createProfile({ name: mark });
    const actions: string[] = [];
    for (;;) {
      const { action, source, name, project } = (await this.events.next()).value.metadata as Lifecycle;
      if (source === `/1.0/profiles/${mark}`) return actions;
      const told = /^instance-[a-z]+$/.test(action) ? [source.split("/").at(-1), "default"] : [undefined, undefined];
      assert.deepEqual([name, project], told, "name and project are told apart from the path, of an instance alone");
      if (/^instance-(shutdown|stopped|restarted|deleted)$/.test(action)) actions.push(action);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.events.return?.();
  }
}

const start = async ({ client }: TestDaemon, name: string) => {
  await (await client.setInstanceState(name, { action: "start" })).wait();
  return (await client.getInstanceState(name)).pid;
};

async function untilStopped({ client }: TestDaemon, name: string): Promise<void> {
  while ((await client.getInstance(name)).value.status !== "Stopped") await delay(5);
}

/** Lines of the log about ends, since the last call: the daemon writes its log beside its answers, a moment later when the host is busy. */
function lines(daemon: TestDaemon): () => Promise<string> {
  let seen = 0;
  return async () => {
    const ends = () =>
      daemon
        .log()
        .split("\n")
        .slice(0, -1)
        .filter((line) => line.includes("instance has ended"));
    for (const deadline = Date.now() + 60_000; ends().length <= seen && Date.now() < deadline; ) await delay(20);
    const fresh = ends().slice(seen);
    seen += fresh.length;
    return fresh.join("\n");
  };
}

test("every end of an instance is one event and one line of the log with its reason", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await (await client.createInstance({ name: "c", source: image })).wait();
    await using ends = await Ends.listen(client);
    const logged = lines(daemon);
    const exec = (command: string) => client.execOutput("c", { command: ["sh", "-c", command] });

    process.kill(await start(daemon, "c"), "SIGKILL");
    await untilStopped(daemon, "c");
    assert.deepEqual(await ends.heard(), ["instance-shutdown"]);
    assert.match(await logged(), /^\S+ warning An instance has ended that nobody .*killed by signal 9.*$/);

    process.kill(parentOf(await start(daemon, "c")), "SIGKILL");
    await untilStopped(daemon, "c");
    assert.deepEqual(await ends.heard(), ["instance-shutdown"]);
    assert.match(await logged(), /^\S+ warning An instance has ended that nobody .*its supervisor was killed.*$/);

    await start(daemon, "c");
    await exec("poweroff -f").catch(() => undefined);
    await untilStopped(daemon, "c");
    assert.deepEqual(await ends.heard(), ["instance-shutdown"]);
    assert.match(await logged(), /^\S+ info An instance has ended .*powered itself off.*$/);

    await start(daemon, "c");
    await (await client.setInstanceState("c", { action: "stop", timeout: 30 })).wait();
    assert.deepEqual(await ends.heard(), ["instance-shutdown"]);
    assert.match(await logged(), /^\S+ info An instance has ended .*asked="instance-shutdown" /);

    await start(daemon, "c");
    await (await client.setInstanceState("c", { action: "stop", force: true })).wait();
    assert.deepEqual(await ends.heard(), ["instance-stopped"]);
    assert.match(await logged(), /^\S+ info An instance has ended .*asked="instance-stopped" /);
  });
});

test("an ephemeral instance that is killed says so, and then that it is deleted", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await (await client.createInstance({ name: "c", source: image, ephemeral: true })).wait();
    await using ends = await Ends.listen(client);
    process.kill(await start(daemon, "c"), "SIGKILL");
    const heard: string[] = [];
    while (!heard.includes("instance-deleted")) heard.push(...(await ends.heard()));
    assert.deepEqual(heard, ["instance-shutdown", "instance-deleted"]);
  });
});

test("an instance that was killed while no daemon ran is told of by the next one", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await (await client.createInstance({ name: "c", source: image })).wait();
    const supervisor = parentOf(await start(daemon, "c"));
    await daemon.kill();
    process.kill(supervisor, "SIGKILL");
    await daemon.start();
    assert.equal((await client.getInstance("c")).value.status, "Stopped");
    assert.match(
      daemon.log(),
      /An instance has ended that nobody asked to stop name="c" reason="its supervisor was killed"/,
    );
  });
});
