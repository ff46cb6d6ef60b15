import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { useEngine } from "../../scripts/scene/engine";
import { runCli } from "../cli/support/cli";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { HoldingProxy } from "./support/holding-proxy";
import { tinyImage } from "./support/image";
import { lacksContainers } from "./support/lacks";
import { killEngine, TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

const kinds = ["container", "image", "network", "profile", "snapshot", "storage-pool"] as const;

/** Every kind once. @param named whether the program chooses the names @param file the image's */
const everyKind = (named: boolean, file: string): string => {
  const name = (text: string) => (named ? `name: "${text}",` : "");
  return `
    new bothy.Profile("kept", { ${name("kept-p")} config: { "user.note": "a" } });
    new bothy.Network("kept", { ${name("kept-n")} config: { "ipv4.address": "10.96.1.1/24" } });
    new bothy.StoragePool("kept", { ${name("kept-s")} driver: "dir" });
    new bothy.Image("kept", { sourceFile: ${JSON.stringify(file)}, aliases: ["tiny"] });
    new bothy.Snapshot("kept", { ${name("kept-b")} instance: "base" });
    new bothy.Container("kept", { ${name("kept-c")} image: "template:busybox", wait: { for: "nothing" } });
  `;
};

const post = /^POST \/1\.0\/(profiles|networks|storage-pools|images|instances|instances\/base\/snapshots)(\?|$)/;

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly unfinished: boolean;
}

/** What `bothy list --stack` says, by kind. */
async function listed({ socket }: TestDaemon): Promise<Record<string, Row>> {
  const env = { BOTHY_ENDPOINT: `unix://${socket}` };
  const { code, stdout, stderr } = await runCli(["list", "--stack", "test", "--format", "json"], { env });
  assert.equal(code, 0, stderr);
  return Object.fromEntries((JSON.parse(stdout) as Row[]).map((row) => [row.kind, row]));
}

/** What tells an object from another of its name. */
async function marksOf({ client }: TestDaemon, rows: Record<string, Row>): Promise<Record<string, unknown>> {
  const name = (kind: (typeof kinds)[number]) => rows[kind]?.name ?? "";
  return {
    container: (await client.getInstance(name("container"))).value.config["volatile.uuid"],
    network: (await client.getNetwork(name("network"))).value.config["volatile.bridge.hwaddr"],
    snapshot: (await client.getSnapshot("base", name("snapshot").split("/").at(-1) ?? "")).value.created_at,
    image: (await client.getImage(name("image"))).value.uploaded_at,
    profiles: (await client.listProfiles()).length,
    pools: (await client.listStoragePools()).length,
  };
}

for (const named of [true, false])
  test(
    `of every kind, ${named ? "named by the program" : "named by itself"}, an object whose engine is killed in its creation is finished by the next up`,
    // Without a name of its own, the next up has more to find again.
    { skip: skip || (named && onlyLong()) },
    () =>
      withDaemon({ bare: false }, async (daemon) => {
        const { client } = daemon;
        const socket = path.join(path.dirname(daemon.dir), "proxy.socket");
        await using proxy = await HoldingProxy.start(socket, daemon.socket);
        const file = path.join(path.dirname(daemon.dir), "tiny.tar");
        writeFileSync(file, await tinyImage({ description: "tiny" }));
        const source = { type: "image", alias: "template:busybox" };
        await (await client.createInstance({ name: "base", source })).wait();
        await TestStack.with({ BOTHY_ENDPOINT: `unix://${socket}` }, async (program) => {
          program.program(everyKind(named, file));
          const holding = proxy.hold(post, kinds.length);
          const up = program.start("up", "--yes", "--skip-preview");
          await holding;
          await killEngine(up);
          proxy.release();
          // The daemon goes on with what it was asked for: an image is looked through, a container is made.
          let before = await listed(daemon);
          for (const end = Date.now() + 60_000; Object.keys(before).length < kinds.length && Date.now() < end; ) {
            await delay(200);
            before = await listed(daemon);
          }
          assert.deepEqual(Object.keys(before).sort(), [...kinds]);
          for (const [kind, { unfinished }] of Object.entries(before)) assert.equal(unfinished, true, kind);
          const marks = await marksOf(daemon, before);

          await program.stack.cancel();
          await program.must(program.up());
          const after = await listed(daemon);
          const finished = Object.entries(before).map(([kind, row]) => [kind, { ...row, unfinished: false }]);
          assert.deepEqual(after, Object.fromEntries(finished));
          assert.deepEqual(await marksOf(daemon, after), marks, "the same ones");
          assert.equal((await client.getInstance(after.container?.name ?? "")).value.status, "Running");
          assert.equal((await client.getImageAlias("tiny")).value.target.startsWith(after.image?.name ?? "?"), true);
          await program.noChanges();
          if (named) {
            await program.must(program.refresh());
            await program.noChanges();
          }
          await program.must(program.destroy());
          assert.deepEqual(await listed(daemon), {});
        });
        await (await client.deleteInstance("base")).wait();
      }),
  );
