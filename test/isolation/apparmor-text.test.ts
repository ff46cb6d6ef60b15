/** The texts of AppArmor profiles, as apparmor_parser reads them: on every machine that has it, whatever its kernel. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { type Mode, type OwnFacts, ownProfile, sharedProfile } from "../../daemon/kinds/instance/labels/profile-text";
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

const majors = [3, 4];
const either = [false, true];
const modes: readonly Mode[] = either.flatMap((isPrivileged) =>
  either.flatMap((isNesting) => either.map((judgesNetworks) => ({ isPrivileged, isNesting, judgesNetworks }))),
);

const own: OwnFacts = {
  name: "bothy-1a2b3c4d-lab_web",
  shared: "bothy.unprivileged-1a2b3c4d",
  isNesting: false,
  judgesNetworks: false,
  hasVsock: false,
  raw: "",
};

test("the shared profile of each mode is one that the parser takes", { skip }, () => {
  for (const mode of modes) assert.ok(parse(sharedProfile(mode, 3).text) > 4000, JSON.stringify(mode));
});

test("a container's own profile is one that the parser takes, and small", { skip }, () => {
  for (const variant of [
    {},
    { isNesting: true },
    { judgesNetworks: true },
    { judgesNetworks: true, hasVsock: true },
    { raw: "deny /srv/** w,\nmount fstype=ext4," },
    { name: `bothy-1a2b3c4d-${"p".repeat(63)}_${"n".repeat(63)}` },
  ])
    assert.ok(parse(ownProfile({ ...own, ...variant }, 3).text) > 1000, JSON.stringify(variant));
});

test("rules that are none are refused with the parser's words", { skip }, () => {
  assert.throws(() => parse(ownProfile({ ...own, raw: "deny nonsense here" }, 3).text), /syntax error/i);
});

test("another text has another name, so that it takes the place of none that containers have", () => {
  const names = majors.flatMap((major) => modes.map((mode) => sharedProfile(mode, major).name));
  assert.equal(new Set(names).size, names.length);
});

test("no profile allows a change of profiles but to those of a container's own namespace", () => {
  for (const mode of modes) {
    const shared = sharedProfile(mode, 3);
    const texts = [shared.text, ownProfile({ ...own, isNesting: mode.isNesting, shared: shared.name }, 3).text];
    for (const text of texts) {
      const changes = text.split("\n").filter((line) => line.includes("change_profile"));
      assert.equal(changes.length, mode.isNesting ? 1 : 0);
      for (const change of changes) assert.match(change, /^ {2}change_profile -> ":bothy-[^:]+:\*\*",$/);
    }
  }
});
