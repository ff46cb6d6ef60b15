/** What GET /1.0 says of the host is what the host can do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { storagePoolKeys } from "../../sdk/api/config/storage-pool";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

test("a daemon tells the storage drivers of which it can make pools, and no other", { skip }, () =>
  withDaemon({ bare: true }, async ({ client }) => {
    const { value } = await client.getServer();
    const told = value.environment.storage_supported_drivers as { Name: string }[];
    const works: string[] = [];
    for (const driver of Object.keys(storagePoolKeys)) {
      const made = await client.createStoragePool({ name: driver, driver }).then(
        () => true,
        (error: Error) => !/See "bothy doctor"/.test(error.message),
      );
      if (made) works.push(driver);
    }
    assert.deepEqual(told.map(({ Name }) => Name).sort(), works.sort());
    for (const { name } of await client.listStoragePools()) await client.deleteStoragePool(name);
  }),
);

test("system calls are said to be interceptable just when a container may ask for that", { skip }, () =>
  withDaemon({ bare: true }, async ({ client }) => {
    const { environment } = (await client.getServer()).value;
    const config = { "security.syscalls.intercept.mknod": "true" };
    const isTaken = await client.createProfile({ name: "asks", config }).then(
      () => true,
      () => false,
    );
    assert.equal((environment.kernel_features as Record<string, string>).seccomp_listener, String(isTaken));
  }),
);

test(
  "a key of LXD's server that is not here is refused with the reason, and a slip of the fingers with the right one",
  { skip },
  () =>
    withDaemon({ bare: true }, async (daemon) => {
      for (const [key, reason] of [
        ["cluster.offline_threshold", /a key of LXD that is not here: this server is one host, and in no cluster/],
        ["candid.api.url", /not here: clients are trusted by their certificates/],
        ["rbac.api.url", /not here: clients are restricted by certificates and projects/],
        ["maas.api.url", /not here: addresses are given by the networks' own DHCP/],
        ["core.debug_address", /not here: there is no profiler of Go/],
        ["network.ovn.northbound_connection", /a key of LXD that this version does not have yet/],
        ["core.https_adress", /Did you mean "core.https_address"\?/],
      ] as const) {
        const { status, body } = await daemon.request("PATCH", "/1.0", { config: { [key]: "1" } });
        const { error } = body as { error: string };
        assert.equal(status, 400, key);
        assert.ok(error.startsWith(`Unknown configuration key: ${key}`), error);
        assert.match(error, reason);
      }
    }),
);
