/** Messages are written in full words. LXD's own texts, which clients match, stay as they are. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";

const sources = globSync("{cli,daemon,native,provider,scripts,sdk}/**/*.{ts,js,c,h}", {
  cwd: packageRoot,
  exclude: ["native/build"],
});

/** Texts of LXD 5.0.2 with a short form. */
const stock = [
  "ETag doesn't match",
  "doesn't exist. Make it first",
  "This operation can't be cancelled",
  "isn't a supported event type",
  "Couldn't find the CGroup",
  "Can't issue token when server isn't listening on network",
  "Architecture isn't supported",
  "architecture isn't supported by this host",
  "You can't change the features of the default project",
  "Can't change ",
  "Can't call PATCH in restore mode",
  "doesn't allow for backup creation",
  "Can't call PATCH in restore mode",
  "doesn't allow for snapshot creation",
  "Provided instance type doesn't exist",
  "The container isn't running",
  /container live migration\. CRIU isn\\?'t installed/,
  "CRIU isn't installed on the source server",
  "CRIU isn't installed on the destination server",
  "Unable to perform container live migration. CRIU isn't installed",
  "Unable to create a stateful snapshot. CRIU isn't installed",
  "The container isn't running",
  "The required device path doesn't exist",
  /Parent device '[^']*' doesn't exist/,
  /Parent device "[^"]*" doesn't exist/,
  /Parent device "[^"]*" doesn't support SR-IOV/,
  /Requested profile "[^"]*" doesn't exist/,
];

const short =
  /\b(?:can|don|doesn|won|isn|couldn|shouldn|aren|wasn|hasn|didn)'t\b|\b(?:it|that|there)'s (?:not|no|a)\b/i;

test("no message or comment uses a short form of its own", () => {
  const found = sources.flatMap((file) =>
    readFileSync(path.join(packageRoot, file), "utf8")
      .split("\n")
      .map((line) => stock.reduce<string>((text, words) => text.replace(words, ""), line))
      .filter((line) => short.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  assert.deepEqual(found, []);
});

/** Those that begin as ours do. */
const stockCannot = [
  "Cannot specify a project when requesting all projects",
  "Cannot delete a zone that is in use",
  "Cannot mix IP versions in listen address and x",
];

/** The beginning of a text given to one of these, as far as it is one piece. */
const thrown = /\b(?:badRequest|internal|unavailable|conflict|notFound)\(\s*(["'`])(Cannot (?:(?!\1)[^\n\\]|\\.)*)\1/g;

test('a message that begins with "Cannot" says why after a colon', () => {
  const found = sources.flatMap((file) =>
    [...readFileSync(path.join(packageRoot, file), "utf8").matchAll(thrown)]
      .map(([, , text = ""]) => text)
      .map((text) => text.replace(/\$\{[^}]*\}/g, "x"))
      .filter((text) => !/^Cannot [^:]+: \S/.test(text) && !stockCannot.includes(text))
      .map((text) => `${file}: ${text}`),
  );
  assert.deepEqual(found, []);
});
