/** security.nesting: a container in a container, while the host's secrets stay hidden. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** What a container runtime inside does first: namespaces of its own, and a fresh proc. */
const nested = ["unshare", "-U", "-r", "-m", "-p", "-f", "sh", "-c", "mount -t proc proc /proc && cat /proc/self/stat"];

test("only a nesting container may mount a fresh proc for one of its own, and both keep their masks", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    for (const [name, isNesting] of [
      ["outer", "true"],
      ["plain", "false"],
    ] as const) {
      const config = { "security.nesting": isNesting };
      const source = { type: "image", alias: "template:busybox" };
      await (await client.createInstance({ name, source, config })).wait();
      await (await client.setInstanceState(name, { action: "start" })).wait();
      const masked = await client.execOutput(name, { command: ["sh", "-c", "cat /proc/keys; ls /sys/firmware"] });
      assert.equal(masked.stdout.toString(), "", "what is masked shows nothing");
      const inner = await client.execOutput(name, { command: nested });
      if (name === "outer") assert.match(inner.stdout.toString(), /^1 \(cat\)|^\d+ \(cat\)/, inner.stderr.toString());
      else assert.notEqual(inner.code, 0);
      await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
      await (await client.deleteInstance(name)).wait();
    }
  }),
);
