/** Containers of programs whose image is one of OCI. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { withDaemon } from "../support/daemon";
import { writeLayout } from "../support/oci";
import { lacksOci, waitingImage } from "../support/oci-scene";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";

test("a program names a layout of its machine, and what the image fills in is no difference", {
  skip: lacksContainers() || lacksOci(),
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-provider-oci-"));
  writeLayout(folder, { 1: await waitingImage("app", { Env: ["PATH=/bin", "MODE=image"] }) });
  await withDaemon({ bare: false }, async (daemon) => {
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}` };
    await using provider = await DynamicProcess.start({ env });
    const app = new Managed(provider, "container");
    const inputs = { name: "app", image: `oci:${folder}:1`, wait: { for: "ipv4" } };
    await app.up(inputs);
    assert.equal(app.outs.status, "Running");
    assert.match(String(app.outs.ipv4Address), /^\d+\.\d+\.\d+\.\d+$/);
    assert.deepEqual(app.outs.config, {});
    await app.refresh();
    assert.equal(await app.up(inputs), "same");

    const config = { "environment.MODE": "program", "user.note": "x" };
    await app.up({ ...inputs, config });
    assert.deepEqual(app.outs.config, config);
    const { value } = await daemon.client.getInstance("app");
    assert.equal(value.config["oci.entrypoint"], "/bin/sleep 1000");
    assert.equal(value.config["environment.PATH"], "/bin");
    assert.equal(value.config["environment.MODE"], "program");
    await app.refresh();
    assert.equal(await app.up({ ...inputs, config }), "same");
    await app.destroy();
    await assert.rejects(new Managed(provider, "container").up({ ...inputs, image: "oci:app" }), /an absolute path/);
  });
  rmSync(folder, { recursive: true });
});
