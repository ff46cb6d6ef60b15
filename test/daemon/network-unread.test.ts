/** A host that does not say what interfaces it has: the daemon starts all the same, and tells of its networks. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { withDaemon } from "../support/daemon";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("nft", hasProgram("nft"));

test("networks whose interfaces cannot be read are unavailable until the next start, and the daemon answers", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-unread-"));
  const [broken, program] = [path.join(folder, "broken"), path.join(folder, "ip")];
  writeFileSync(program, `#!/bin/sh\n[ ! -e ${broken} ] || exit 3\nPATH=\${PATH#*:} exec ip "$@"\n`);
  chmodSync(program, 0o755);
  try {
    await withDaemon({ env: { PATH: `${folder}:${process.env.PATH}` } }, async (daemon) => {
      const config = { "ipv4.address": "10.79.3.1/24", "ipv6.address": "none" };
      await daemon.client.createNetwork({ name: "unread0", config });
      const status = async () => (await daemon.client.getNetwork("unread0")).value.status;
      assert.equal(await status(), "Created");
      await daemon.kill();
      writeFileSync(broken, "");
      await daemon.start();
      assert.equal(await status(), "Unavailable");
      await daemon.kill();
      rmSync(broken);
      await daemon.start();
      assert.equal(await status(), "Created");
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
