/** Why a host cannot confine containers by AppArmor, as the warning and the daemon's log say it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { appArmorSupport } from "../../../daemon/platform/apparmor/support";

/** @param files of a host, with their content */
function onHost(files: Readonly<Record<string, string>>): ReturnType<typeof appArmorSupport> {
  const root = mkdtempSync(path.join(tmpdir(), "bothy-apparmor-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), content, { mode: 0o755 });
    }
    return appArmorSupport(root, path.join(root, "bin"));
  } finally {
    rmSync(root, { recursive: true });
  }
}

const lacking = (files: Readonly<Record<string, string>>): string => {
  const support = onHost(files);
  return support.works ? "" : support.why;
};

const kernel = {
  "sys/module/apparmor/parameters/enabled": "Y\n",
  "sys/kernel/security/apparmor/.replace": "",
  "sys/kernel/security/apparmor/features/domain/stack": "yes\n",
  "proc/self/attr/apparmor/current": "unconfined\n",
};

test("a host with kernel, securityfs and parser confines containers", () => {
  assert.deepEqual(onHost({ ...kernel, "bin/apparmor_parser": "" }), { works: true });
});

test("what is missing is named", () => {
  assert.match(lacking({}), /this kernel has none, or it is off/);
  assert.match(lacking({ "sys/module/apparmor/parameters/enabled": "N\n" }), /this kernel has none, or it is off/);
  assert.match(lacking({ "sys/module/apparmor/parameters/enabled": "Y\n" }), /securityfs is not mounted/);
  assert.match(lacking(kernel), /apparmor_parser is not installed/);
  assert.match(
    lacking({ ...kernel, "bin/apparmor_parser": "", "sys/kernel/security/apparmor/features/domain/stack": "no\n" }),
    /several profiles at once/,
  );
  assert.match(lacking({ ...kernel, "proc/self/attr/apparmor/current": "lxd-x (enforce)\n" }), /the profile lxd-x/);
});

test("a host with SELinux is told that it has that instead", () => {
  assert.match(lacking({ "sys/fs/selinux/enforce": "1" }), /SELinux is on instead/);
});
