/** The provider over HTTPS: a real daemon behind TLS, by its remote and by its address. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { createServer } from "node:tls";
import type { Props } from "../../provider/core/engine/values";
import { Client } from "../../sdk";
import { removeRemote, storeRemote } from "../../sdk/remote/file";
import { makeServer, ownConfigFolder, server, withSockets } from "../sdk/support/fake-tls";
import { withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";

const skip = lacksContainers();
ownConfigFolder();

/** Runs the work with the address at which a unix socket is reached by TLS. */
const withTlsBefore = (socketPath: string, work: (url: string) => Promise<void>): Promise<void> =>
  withSockets(
    (connected) => createServer({ key: server.key, cert: server.cert }, connected),
    (client: Socket) => {
      const upstream = connect(socketPath);
      client.pipe(upstream).pipe(client);
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        one.on("error", () => undefined).once("close", () => other.destroy());
    },
    work,
  );

test("objects live and die over HTTPS, and an address in other words is no other server", { skip }, () =>
  withDaemon({ bare: true }, (daemon) =>
    withTlsBefore(daemon.socket, async (url) => {
      storeRemote({ name: "lab", url, fingerprint: server.fingerprint, protocol: "lxd" });
      await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: "" } });
      const inputs = (more: Props = {}) =>
        provider.checked("profile", { name: "small", endpoint: "remote:lab", ...more });
      const { id, outs } = await provider.create("profile", await inputs({ description: "a" }));
      assert.equal((outs.__server as Props).endpoint, url);
      assert.equal((await daemon.client.getProfile("small")).value.description, "a");

      for (const endpoint of ["remote:lab", url, `${url}/`, `unix://${daemon.socket}`]) {
        const { replaces } = await provider.diff("profile", id, outs, await inputs({ description: "a", endpoint }));
        assert.deepEqual(replaces, [], endpoint);
      }
      const changed = await provider.update("profile", id, outs, await inputs({ description: "b" }));
      assert.equal((await provider.read("profile", id, changed)).outs.description, "b");

      const pool = await provider.checked("storage-pool", { name: "p", driver: "dir", endpoint: url });
      const made = await provider.create("storage-pool", pool);
      const container = await provider.checked("container", {
        name: "web",
        image: "template:busybox",
        profiles: [],
        devices: { root: { type: "disk", path: "/", pool: "p" } },
        wait: { command: ["true"], for: "command" },
        endpoint: "remote:lab",
      });
      const web = await provider.create("container", container);
      await using client = new Client({ endpoint: "remote:lab" });
      const { code, stdout } = await client.execOutput("web", { command: ["cat"] }, "through TLS");
      assert.deepEqual([code, String(stdout)], [0, "through TLS"]);
      await provider.delete("container", web.id, web.outs);
      await provider.delete("storage-pool", made.id, made.outs);
      await provider.delete("profile", id, changed);
      await assert.rejects(daemon.client.getProfile("small"), { code: "NOT_FOUND" });

      // A remote that is called otherwise now, or is stored no more, is no other server either.
      removeRemote("lab");
      storeRemote({ name: "renamed", url, fingerprint: server.fingerprint, protocol: "lxd" });
      const renamed = await provider.checked("profile", {
        name: "small",
        description: "b",
        endpoint: "remote:renamed",
      });
      assert.deepEqual((await provider.diff("profile", id, changed, renamed)).replaces, []);
      removeRemote("renamed");
    }),
  ),
);

test("a server with another certificate is named, and a remote that is not stored fails in check", { skip }, () =>
  withDaemon({ bare: true }, (daemon) =>
    withTlsBefore(daemon.socket, async (url) => {
      const { fingerprint } = makeServer();
      storeRemote({ name: "other", url, fingerprint, protocol: "lxd" });
      await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: "" } });
      const inputs = await provider.checked("profile", { name: "small", endpoint: "remote:other" });
      await assert.rejects(provider.create("profile", inputs), (error: Error) => {
        for (const words of [url, fingerprint, server.fingerprint])
          assert.ok(error.message.includes(words), `${words} in: ${error.message}`);
        return true;
      });
      const { failures } = await provider.check("profile", {}, { name: "small", endpoint: "remote:nowhere" });
      assert.match(failures.endpoint ?? "", /is not an endpoint: there is no remote "nowhere"/);
      removeRemote("other");
    }),
  ),
);
