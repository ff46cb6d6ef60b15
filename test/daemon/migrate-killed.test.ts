/** Migration between two servers of which one is killed in the middle: the other one gives up, and neither has anything of it left. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { hasProgram } from "../support/netns";
import { send } from "../support/raw-http";
import { requireFeature } from "../support/require";
import { type Server, withTwoServers } from "../support/servers";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("rsync", hasProgram("rsync"));

const scratch = ({ daemon }: Server) => path.join(daemon.dir, "tmp", "migrate-");

/** Processes that work for migrations of a server. */
const working = (server: Server) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(scratch(server));
    } catch {
      return false;
    }
  });

async function start({ daemon }: Server, url: string, body: object) {
  const { status, json } = await send(daemon.socket, "POST", url, body);
  assert.equal(status, 202, json.error);
  return json.metadata as { id: string; metadata: Record<string, string> };
}

async function errorOf({ daemon }: Server, id: string): Promise<string> {
  const { json } = await send(daemon.socket, "GET", `/1.0/operations/${id}/wait`);
  return (json.metadata as { err: string }).err;
}

function nothingLeft(server: Server): void {
  const folders = readdirSync(path.dirname(scratch(server))).filter((name) => name.startsWith("migrate-"));
  assert.deepEqual([folders, working(server)], [[], []]);
}

test(
  "the one that is left gives up, its instance is free, and the other has nothing of it at its next start",
  {
    skip,
  },
  () =>
    withTwoServers(["dir", "dir"], async (one, other) => {
      const { client } = one.daemon;
      const containers = ({ daemon }: Server) => path.join(daemon.dir, "storage-pools", "default", "containers");
      await (await client.createInstance({ name: "big", source: { type: "none" } })).wait();
      writeFileSync(path.join(containers(one), "big", "rootfs", "noise"), randomBytes(8 * 1024 * 1024));
      // As slow as it takes to be in the middle.
      await send(one.daemon.socket, "PATCH", "/1.0/storage-pools/default", { config: { "rsync.bwlimit": "200kB" } });
      const begin = async () => {
        const from = await start(one, "/1.0/instances/big", { migration: true });
        const to = await start(other, "/1.0/instances", {
          name: "big",
          source: {
            type: "migration",
            mode: "pull",
            operation: `https://${one.address}/1.0/operations/${from.id}`,
            certificate: readFileSync(path.join(one.daemon.dir, "server.crt"), "utf8"),
            secrets: from.metadata,
          },
        });
        const rootfs = path.join(containers(other), "big", "rootfs");
        await until(async () => working(one).length > 0 && readdirSync(rootfs).length > 0);
        return { from, to };
      };
      const first = await begin();
      await other.daemon.kill();
      assert.match(await errorOf(one, first.from.id), /connection to the other server of the migration was lost/);
      nothingLeft(one);
      await client.patchInstance("big", { config: { "user.free": "1" } });
      await until(async () => working(other).length === 0);
      await other.daemon.start();
      assert.deepEqual(readdirSync(containers(other)), []);
      nothingLeft(other);
      const second = await begin();
      await one.daemon.kill();
      assert.match(await errorOf(other, second.to.id), /connection to the other server of the migration was lost/);
      assert.deepEqual(readdirSync(containers(other)), []);
      nothingLeft(other);
      await until(async () => working(one).length === 0);
      await one.daemon.start();
      nothingLeft(one);
      await one.daemon.client.patchInstance("big", { config: { "user.free": "2" } });
    }),
);
