/** A program that bothy import-compose has printed, under the real engine, with the images that the file wants built. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { runCli } from "../cli/support/cli";
import { withDaemon } from "../support/daemon";
import { onlyLong } from "../support/long";
import { writeLayout } from "../support/oci";
import { lacksOci, waitingImage } from "../support/oci-scene";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { TestStack } from "./support/stack";

const compose = `
services:
  app:
    build: .
    command: [/bin/sleep, "1000"]
    environment: { WORD: "\${BOTHY_TEST_WORD:?}" }
    volumes: ["./site:/site:ro"]
    depends_on: { db: { condition: service_healthy } }
  db:
    build: .
    volumes: ["data:/data"]
    tmpfs: /scratch
    healthcheck: { test: [CMD, test, -e, /name] }
    restart: always
volumes:
  data:
`;

test(
  "a compose file becomes running containers that find each other by name",
  { skip: onlyLong() || lacksContainers() || lacksOci() || requireFeature("pulumi", useEngine()) },
  () =>
    withDaemon({ bare: false }, ({ client, socket }) =>
      TestStack.with({ BOTHY_ENDPOINT: `unix://${socket}`, BOTHY_TEST_WORD: "told" }, async (program) => {
        program.inOwnProcess = true;
        const at = (name: string) => path.join(program.folder, name);
        for (const name of ["app", "db"]) {
          mkdirSync(at(`${name}-image`));
          writeLayout(at(`${name}-image`), { 1: await waitingImage(name) });
          execFileSync("tar", ["-cf", at(`${name}.tar`), "-C", at(`${name}-image`), "."]);
        }
        mkdirSync(at("site"));
        writeFileSync(at("site/page"), "hello\n");
        writeFileSync(at("compose.yaml"), compose);
        const { code, stdout } = await runCli(["import-compose", at("compose.yaml")]);
        assert.equal(code, 0);
        writeFileSync(at("index.ts"), stdout);
        writeFileSync(at("Pulumi.yaml"), "name: app\nruntime: nodejs\nmain: index.ts\n");
        const { steps } = await program.must(program.up());
        assert.deepEqual(steps, { app: "create", data: "create", db: "create", default: "create" });
        const inside = async (name: string, ...command: string[]) =>
          String((await client.execOutput(name, { command })).stdout).trim();
        assert.equal(await inside("app", "/bin/sh", "-c", "echo $WORD; cat /name /site/page"), "told\napphello");
        assert.match(await inside("app", "/bin/busybox", "nslookup", "db"), /db/);
        assert.match(await inside("db", "/bin/busybox", "grep", "-c", " /data \\| /scratch ", "/proc/mounts"), /^2$/);
        await program.noChanges();
        await program.must(program.destroy());
        assert.deepEqual(await client.listInstances(), []);
      }),
    ),
);
