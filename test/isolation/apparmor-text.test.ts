/** The texts of AppArmor profiles, as apparmor_parser reads them: on every machine that has it, whatever its kernel. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { type ProfileFacts, profileText } from "../../daemon/kinds/instance/labels/profile-text";
import { needs } from "../support/needs";

const skip = needs("apparmor-parser");

/** What a kernel mediates that has the rules of Linux 5.4: else the parser would leave out mounts, signals and traces on a machine without AppArmor. */
const features = ["--features-file", "/etc/apparmor.d/abi/3.0"];

/** @returns size of what the kernel would get @throws Error with the parser's words */
function parse(text: string): number {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-profile-"));
  try {
    writeFileSync(path.join(folder, "profile"), text);
    const args = ["--skip-kernel-load", "--skip-cache", "--stdout", ...features, path.join(folder, "profile")];
    return execFileSync("apparmor_parser", args, { stdio: ["ignore", "pipe", "pipe"] }).length;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const plain: ProfileFacts = {
  name: "bothy-1a2b3c4d-lab_web",
  isPrivileged: false,
  isNesting: false,
  hasNamespace: false,
  hasVsock: false,
  raw: "",
  parserMajor: 3,
};

const variants: readonly Partial<ProfileFacts>[] = [
  {},
  { isPrivileged: true },
  { hasVsock: true },
  { isNesting: true },
  { isNesting: true, hasNamespace: true },
  { isPrivileged: true, isNesting: true, hasNamespace: true },
  { raw: "deny /srv/** w,\nmount fstype=ext4," },
  { name: `bothy-1a2b3c4d-${"p".repeat(63)}_${"n".repeat(63)}` },
];

test("each variant of the profile is one that the parser takes", { skip }, () => {
  for (const variant of variants)
    assert.ok(parse(profileText({ ...plain, ...variant })) > 4000, JSON.stringify(variant));
});

test("rules that are none are refused with the parser's words", { skip }, () => {
  assert.throws(() => parse(profileText({ ...plain, raw: "deny nonsense here" })), /syntax error/i);
});
