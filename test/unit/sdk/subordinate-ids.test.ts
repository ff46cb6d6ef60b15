/** Ids that root has set aside for a user, read from /etc/subuid and /etc/subgid, and what is said to one who lacks them. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { userMap, whatUserLacks } from "../../../sdk/host/subordinate-ids";
import { outerId } from "../../../sdk/host/user-namespace";

const ann = { name: "ann", uid: 1000, gid: 100 };

/** Does the work with an /etc of one's own, and a folder of programs. */
function withEtc(subuid: string, subgid: string, work: (etc: string, searchPath: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-etc-"));
  try {
    writeFileSync(path.join(folder, "subuid"), subuid);
    writeFileSync(path.join(folder, "subgid"), subgid);
    for (const name of ["newuidmap", "newgidmap"]) {
      writeFileSync(path.join(folder, name), "#!/bin/sh\n");
      chmodSync(path.join(folder, name), 0o755);
    }
    work(folder, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a user's ids begin at 0, those of several ranges one behind the other, and the user's own comes last", () =>
  withEtc("bob:1:1\nann:100000:30000\n1000:500000:70000\n", "ann:200000:65536\n", (etc) =>
    assert.deepEqual(userMap(ann, etc), {
      uids: [
        [0, 100_000, 30_000],
        [30_000, 500_000, 35_536],
        [65_536, 1000, 1],
      ],
      gids: [
        [0, 200_000, 65_536],
        [65_536, 100, 1],
      ],
    }),
  ));

test("too few ids of either kind are none, and lines that are no ranges count for nothing", () => {
  withEtc("ann:100000:65535\n", "ann:100000:65536\n", (etc) => assert.equal(userMap(ann, etc), undefined));
  withEtc("ann:100000:65536\n", "ann:x:65536\n#\nann\n", (etc) => assert.equal(userMap(ann, etc), undefined));
});

test("who lacks ids is told a command with ids that nobody has", () =>
  withEtc("bob:100000:65536\n", "eve:300000:65536\n", (etc, searchPath) => {
    const lack = whatUserLacks(ann, { etc, searchPath }) ?? "";
    assert.match(lack, /^user "ann" has fewer than 65536 ids in .*subuid or .*subgid\. Have root run: /);
    assert.ok(lack.endsWith("usermod --add-subuids 365536-431071 --add-subgids 365536-431071 ann"), lack);
  }));

test("a program that is missing is named before anything else, with its package", () =>
  withEtc("", "", (etc) =>
    assert.equal(
      whatUserLacks(ann, { etc, searchPath: "/nowhere" }),
      "a user other than root needs newuidmap and newgidmap. Have root run: apt-get install uidmap",
    ),
  ));

test("a user with ids lacks nothing", () =>
  withEtc("ann:100000:65536\n", "ann:100000:65536\n", (etc, searchPath) =>
    assert.equal(whatUserLacks(ann, { etc, searchPath }), undefined),
  ));

test("an id of a namespace is found outside by its map, and one that is not mapped is itself", () => {
  const map = "         0     100000      65536\n     65536       1000          1\n";
  assert.deepEqual(
    [0, 65535, 65536, 65537].map((id) => outerId(id, map)),
    [100_000, 165_535, 1000, 65_537],
  );
});
