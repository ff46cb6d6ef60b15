/** `bothy list --stack` knows every kind that bears a stamp. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listedKinds } from "../../../cli/stacks";
import { cores } from "../../../provider/core/kinds/cores";

/** Kinds of which servers keep nothing that tells whose they are. */
const without = [
  "backup",
  "certificate",
  "cluster-group",
  "exec",
  "file",
  "server-config",
  "storage-bucket-key",
  "trust-token",
];

test("each kind of the provider is listed by stack, but for those that bear no stamp", () => {
  const kinds = cores.map(({ kind }) => kind).filter((kind) => !without.includes(kind));
  assert.deepEqual(
    kinds.filter((kind) => !listedKinds.includes(kind)),
    [],
  );
  assert.deepEqual(
    without.filter((kind) => !cores.some((core) => core.kind === kind)),
    [],
  );
});
