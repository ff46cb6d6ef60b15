/** Leases: the file that dnsmasq writes, read while it does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readLeases } from "../../../daemon/kinds/network/leases";

const whole = "1 00:16:3e:00:00:01 10.0.0.2 web *\n";

/**
 * Reads leases with a pause before each step, as on a busy machine; the file is empty at first and written in one of the pauses.
 * @returns nothing when the read had ended before
 */
async function readSlowly(writtenInPause: number): Promise<string[] | undefined> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-leases-"));
  const file = path.join(folder, "dnsmasq.leases");
  writeFileSync(file, "");
  let pause = 0;
  const pauses = setInterval(() => {
    if (pause === writtenInPause) writeFileSync(file, whole);
    for (const end = Date.now() + 110; Date.now() < end; );
    pause += 1;
  }, 0);
  try {
    const names = (await readLeases({ name: "net", path: folder, config: {} })).map(({ hostname }) => hostname);
    return pause > writtenInPause ? names : undefined;
  } finally {
    clearInterval(pauses);
    rmSync(folder, { recursive: true });
  }
}

test("leases that are written while they are read are all there, however long a step takes", async () => {
  // A read takes some five steps, or one less; a file that has been empty for longer than one counts as empty.
  for (let pause = 0; pause < 4; pause += 1)
    assert.deepEqual(await readSlowly(pause), ["web"], `written in pause ${pause}`);
  assert.deepEqual((await readSlowly(4)) ?? ["web"], ["web"], "written in pause 4");
});
