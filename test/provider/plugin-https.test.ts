/** The plugin over HTTPS: a provider that brings its own certificate, and a token by which the server comes to trust it. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { ownConfigFolder, withSockets } from "../sdk/support/fake-tls";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { listenAt, makeIdentity, Network } from "../support/https";
import { lacksContainers } from "./support/lacks";
import { PluginProcess, secret } from "./support/plugin-process";

ownConfigFolder();

/** A token as a person copies it. */
async function makeToken(daemon: TestDaemon): Promise<string> {
  const { body } = await daemon.request("POST", "/1.0/certificates", { name: "guest", type: "client", token: true });
  const { metadata } = body as { metadata: { metadata: { secret: string; fingerprint: string; addresses: string[] } } };
  const { secret: word, fingerprint, addresses } = metadata.metadata;
  const token = { client_name: "guest", fingerprint, addresses, secret: word, expires_at: "0001-01-01T00:00:00Z" };
  return Buffer.from(JSON.stringify(token)).toString("base64");
}

/** Runs the work with an address of this machine that leads to the daemon's. */
const atAddress = (network: Network, work: (url: string) => Promise<void>): Promise<void> =>
  withSockets(
    (connected) => createServer(connected),
    (client: Socket) => {
      const daemon = network.raw();
      client.pipe(daemon).pipe(client);
      for (const [one, other] of [
        [client, daemon],
        [daemon, client],
      ] as const)
        one.on("error", () => undefined).once("close", () => other.destroy());
    },
    work,
  );

test(
  "a token makes a server trust a provider's own certificate, once, and later runs need it no more",
  {
    skip: lacksContainers(),
  },
  () =>
    withDaemon({ bare: true }, async (daemon) => {
      await listenAt(daemon);
      await using network = await Network.to(daemon);
      const token = await makeToken(daemon);
      const start = (endpoint: string, { cert, key } = makeIdentity("shop"), more = {}) =>
        PluginProcess.start({
          config: { endpoint, token: secret(token), certificate: cert, key: secret(key), ...more },
          env: { BOTHY_ENDPOINT: "" },
        });
      await atAddress(network, async (url) => {
        const identity = makeIdentity("shop");
        await using first = await start(url, identity);
        const inputs = await first.checked("profile", { name: "small" });
        const made = await Promise.all([
          first.create("profile", inputs),
          first.create("profile", await first.checked("profile", { name: "other" })),
        ]);
        const [{ id, outs } = { id: "", outs: {} }] = made;
        assert.equal((await daemon.client.getProfile("small")).value.name, "small");
        assert.equal(JSON.stringify(outs).includes(token), false);
        assert.deepEqual(
          (await daemon.client.listCertificates()).map(({ name }) => name),
          ["guest"],
        );

        await using later = await start(url, identity);
        assert.equal((await later.read("profile", id, outs, inputs)).id, "small");
        await later.delete("profile", id, outs);

        await using stranger = await start(url);
        await assert.rejects(stranger.read("profile", "other", undefined), (error: Error) => {
          assert.match(error.message, /does not take the token \(not authorized\)\. Ask for a new token there/);
          assert.equal(error.message.includes(token), false);
          return true;
        });
        await using trusting = await start(url, identity, { token: undefined });
        await assert.rejects(trusting.read("profile", "other", undefined), /Cannot trust the server at/);
      });
    }),
);
