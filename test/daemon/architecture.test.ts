/** Containers of 32 bits on a host of 64: what their programs are told, and what the filter lets through. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { buildGuest } from "../support/guest";
import { requireFeature } from "../support/require";

const skip = requireFeature("calls of 64 and 32 bits", process.getuid?.() === 0 && process.arch === "x64");
const flags = ["-m32", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-no-pie"];

test("a container of i686 is told so by uname, at its start and in a command, and runs programs of 32 bits", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-narrow-"));
  buildGuest("calls", path.join(folder, "calls"), ...flags);
  try {
    await withDaemon({ bare: true }, async (daemon) => {
      await preparePool(daemon, "dir");
      const { client } = daemon;
      const make = { name: "narrow", architecture: "i386", source: { type: "none" as const } };
      await (await client.createInstance(make)).wait();
      for (const name of ["/bin", "/sbin", "/root", "/proc", "/sys", "/dev"])
        await client.putFile("narrow", name, undefined, { type: "directory" });
      await client.putFile("narrow", "/bin/busybox", readFileSync("/bin/busybox"), { mode: 0o755 });
      await client.putFile("narrow", "/bin/calls", readFileSync(path.join(folder, "calls")), { mode: 0o755 });
      await client.putFile("narrow", "/bin/sh", "busybox", { type: "symlink" });
      const init =
        "#!/bin/sh\n/bin/busybox uname -m > /machine\ntrap exit PWR\nwhile :; do /bin/busybox sleep 0.05; done\n";
      await client.putFile("narrow", "/sbin/init", init, { mode: 0o755 });
      const act = async (action: "start" | "stop") =>
        (await client.setInstanceState("narrow", { action, timeout: 20 })).wait();
      const inside = async (script: string) =>
        String((await client.execOutput("narrow", { command: ["sh", "-c", script] })).stdout).trim();
      await act("start");
      while ((await inside("busybox cat /machine")) === "");
      assert.equal(await inside("busybox cat /machine"), "i686");
      assert.equal(await inside("busybox uname -m; calls | busybox grep machine"), "i686\nmachine i686");
      const { value } = await client.getInstance("narrow");
      assert.equal(value.architecture, "i686");
      const config = { ...value.config, "security.syscalls.deny_compat": "true" };
      await (await client.updateInstance("narrow", { ...value, config })).wait();
      assert.match(await inside("calls"), /machine i686/, "what it was started with counts until the next start");
      await act("stop");
      await act("start");
      assert.equal(await inside("calls"), "");
      await act("stop");
      await (await client.deleteInstance("narrow")).wait();
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
