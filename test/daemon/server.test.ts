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
