/** Instances in ordinary life: what a user does with a container all day. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));

test("a file pushed into a running container is its root's, and one made inside is read as its root's", async () => {
  await shared.outcome("POST", "/1.0/instances", {
    name: "web",
    source: { type: "image", alias: "template:busybox" },
  });
  await shared.outcome("PUT", "/1.0/instances/web/state", { action: "start" });
  await shared.client.putFile("web", "/root/pushed", "hello");
  const { stdout } = await shared.client.execOutput("web", {
    command: ["sh", "-c", "stat -c '%u:%g %a' /root/pushed; echo made >/root/made"],
  });
  assert.equal(String(stdout), "0:0 644\n");
  const made = await shared.client.getFileInfo("web", "/root/made");
  assert.deepEqual([made.uid, made.gid], [0, 0]);
});
