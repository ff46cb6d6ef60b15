/** Networks with what belongs to them, by both communities' Terraform providers: zones, records, ACLs, forwards, and what bridges do not have. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../sdk/host/package";
import { withDaemon } from "../support/daemon";
import { type ProviderName, withTerraform } from "./support/terraform";
import { skipTerraform as skip } from "./support/tools";

const source = readFileSync(path.join(packageRoot, "test/compat/scripts/terraform-networks/main.tf"), "utf8");
const programOf = (name: ProviderName) => source.replaceAll("PROVIDER_", `${name}_`);

/** What a bridge has not, and how that is said. */
const peer = {
  incus: `resource "incus_network_peer" "peer" {
  name           = "ct-peer"
  network        = incus_network.lan.name
  target_network = "other"
}`,
  lxd: `resource "lxd_network_peer" "peer" {
  name           = "ct-peer"
  source_network = lxd_network.lan.name
  target_network = lxd_network.lan.name
}`,
} as const;

for (const name of ["incus", "lxd"] as const)
  test(
    `terraform-provider-${name} makes networks with zones, records, ACLs and forwards, and changes them`,
    {
      skip,
    },
    () =>
      withDaemon({}, async ({ client, socket }) => {
        await withTerraform(name, socket, programOf(name), async (terraform) => {
          for (const turn of [1, 2]) {
            await terraform(turn, "apply", "-auto-approve");
            // It would end with 2 if anything were otherwise than it has been told.
            await terraform(turn, "plan", "-detailed-exitcode");
            const { value: forward } = await client.getNetworkForward("ctlan", "192.0.2.77");
            assert.deepEqual(
              [forward.description, forward.config.target_address, forward.ports?.map((port) => port.listen_port)],
              [`Turn ${turn}`, `10.155.9.1${turn}`, [turn === 1 ? "80" : "80,8000-8009"]],
            );
            const { value: record } = await client.getNetworkZoneRecord("ct.example", "www");
            assert.deepEqual(
              // Providers keep entries as a set.
              record.entries?.map(({ type, value, ttl }) => [type, value, ttl ?? 0]).toSorted(),
              [
                ["A", `192.0.2.${turn}`, name === "incus" ? 300 : 0],
                ["TXT", `"turn ${turn}"`, 60],
              ],
            );
            const { value: network } = await client.getNetwork("ctlan");
            assert.equal(network.config["ipv4.nat"], turn === 1 ? "true" : "false");
          }
          await terraform(2, "destroy", "-auto-approve");
          assert.deepEqual(await client.listNetworkZones(), []);
          assert.deepEqual(await client.listNetworkAcls(), []);
        });
        await withTerraform(name, socket, `${programOf(name)}\n${peer[name]}`, async (terraform) => {
          await assert.rejects(terraform(1, "apply", "-auto-approve"), /does not support peering/);
          await terraform(1, "destroy", "-auto-approve");
        });
      }),
  );
