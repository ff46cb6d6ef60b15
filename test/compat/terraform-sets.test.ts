/** What LXD has not and Incus has: address sets, and ACLs of nics, by Incus' Terraform provider. Set-up cannot bring it (docs/testing.md). */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../sdk/host/package";
import { withDaemon } from "../support/daemon";
import { providers, skipTerraform as skip } from "./support/tools";

const execute = promisify(execFile);
const settings = `provider_installation {\n  dev_overrides {\n    "lxc/incus" = "${providers}"\n  }\n  direct {}\n}\n`;

test("terraform-provider-incus makes address sets and ACLs of nics, finds them as it made them, and changes them", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-terraform-"));
  try {
    copyFileSync(path.join(packageRoot, "test/compat/scripts/terraform-sets/main.tf"), path.join(folder, "main.tf"));
    writeFileSync(path.join(folder, "terraform.rc"), settings);
    await withDaemon({}, async ({ client, socket }) => {
      const env = {
        ...process.env,
        HOME: folder,
        TF_CLI_CONFIG_FILE: path.join(folder, "terraform.rc"),
        INCUS_SOCKET: socket,
        CHECKPOINT_DISABLE: "1",
      };
      const terraform = (turn: number, ...words: string[]) =>
        execute("terraform", [`-chdir=${folder}`, ...words, "-no-color", `-var=turn=${turn}`], { env });
      const made = async () => {
        const { value } = await client.getNetworkAddressSet("ct-friends");
        return [value.description, value.addresses, value.used_by];
      };
      for (const [turn, addresses] of [
        [1, ["192.0.2.2", "10.0.0.0/8"]],
        [2, ["192.0.2.3", "2001:db8::/64"]],
      ] as const) {
        await terraform(turn, "apply", "-auto-approve");
        // It would end with 2 if anything were otherwise than it has been told.
        await terraform(turn, "plan", "-detailed-exitcode");
        assert.deepEqual(await made(), [`Turn ${turn}`, addresses, ["/1.0/network-acls/ct-judge"]]);
      }
      const { value } = await client.getNetworkAcl("ct-judge");
      assert.deepEqual(value.used_by, ["/1.0/networks/ctlan", "/1.0/profiles/ct-judged"]);
      await terraform(2, "destroy", "-auto-approve");
      assert.deepEqual(await client.listNetworkAddressSets(), []);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
