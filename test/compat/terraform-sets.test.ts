/** What LXD has not and Incus has: address sets, and ACLs of nics, by Incus' Terraform provider. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../sdk/host/package";
import { withDaemon } from "../support/daemon";
import { withTerraform } from "./support/terraform";
import { skipTerraform as skip } from "./support/tools";

const program = readFileSync(path.join(packageRoot, "test/compat/scripts/terraform-sets/main.tf"), "utf8");

test(
  "terraform-provider-incus makes address sets and ACLs of nics, finds them as it made them, and changes them",
  {
    skip,
  },
  () =>
    withDaemon({}, ({ client, socket }) =>
      withTerraform("incus", socket, program, async (terraform) => {
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
      }),
    ),
);
