/** doctor as an ordinary user: what it finds counts for a daemon of the user's own (docs/rootless.md). */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import type { Finding } from "../../cli/doctor/finding";
import { needs } from "../support/needs";
import { commandProgram, OrdinaryUser } from "../support/ordinary-user";

const skip = needs("root", "uidmap");

const doctor = async (user: OrdinaryUser) => {
  const { code, stdout, stderr } = await user.run([process.execPath, commandProgram, "doctor", "--format", "json"]);
  assert.notEqual(stdout, "", stderr);
  const findings = JSON.parse(stdout) as Finding[];
  return { code, findings, of: (subject: string) => findings.find((finding) => finding.subject === subject) };
};

test("a user with ids has a container started for a trial, of which nothing is left", { skip }, async () => {
  await using user = await OrdinaryUser.create();
  const { code, findings, of } = await doctor(user);
  assert.deepEqual(
    findings.filter(({ status }) => status === "missing"),
    [],
  );
  assert.equal(code, 0);
  assert.deepEqual([of("trial: container")?.status, of("trial: container")?.found], ["ok", "started and entered"]);
  assert.equal(of("rights")?.found, `user ${user.uid}, in namespaces of their own`);
  assert.equal(of("program nft")?.status, "ok", "programs of root's PATH are found");
  assert.deepEqual(
    readdirSync(user.home, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("doctor")),
    [],
  );
  assert.deepEqual(await user.leftovers(), []);
});

test("limits that are not enforced are said once, with what gives them", { skip }, async () => {
  await using user = await OrdinaryUser.create();
  const about = /^cgroups?(?: (?:memory|cpu|cpuset|pids|freezer))?$/;
  const groups = (await doctor(user)).findings.filter(({ subject }) => about.test(subject));
  assert.equal(groups.length, 1);
  assert.equal(groups[0]?.found, `none delegated to user ${user.uid}: limits are not enforced`);
  assert.match(groups[0]?.remedy ?? "", /^Log in to a session of systemd/);
});

test("a user without ids is told the command that gives some, and that there is no container without", {
  skip,
}, async () => {
  await using user = await OrdinaryUser.create({ ids: false });
  const { code, of } = await doctor(user);
  assert.equal(code, 1);
  assert.equal(of("rights")?.status, "missing");
  assert.match(
    of("rights")?.remedy ?? "",
    new RegExp(`^Have root run: usermod --add-subuids \\d+-\\d+ .* ${user.name}; `),
  );
  assert.equal(of("trial: container")?.status, "unknown");
});
