/** What a profile judges, as apparmor_parser is told. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { featuresWithoutNetworks } from "../../../daemon/platform/apparmor/features";

test("all that the kernel judges is told with its folders, but nothing of networks", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-features-"));
  try {
    for (const [name, content] of Object.entries({
      "file/mask": "create read\n",
      "domain/attach_conditions/xattr": "yes\n",
      "domain/stack": "yes\n",
      "network/af_mask": "unspec unix inet\n",
      "network_v8/af_inet": "yes\n",
      "network_v9/af_unix": "yes\n",
    })) {
      mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    const expected = "domain {attach_conditions {xattr {yes\n}\n}\nstack {yes\n}\n}\nfile {mask {create read\n}\n}\n";
    assert.equal(featuresWithoutNetworks(folder), expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
