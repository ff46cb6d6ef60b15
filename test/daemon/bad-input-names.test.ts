/** Bad names: of every kind, in bodies and in every part of every path. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiRoutes } from "../support/api-routes";
import { preparePool } from "../support/daemon";
import { assertRefused } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";

let fingerprint = "";

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "dir");
  await client.createProfile({ name: "known" });
  await client.createStoragePool({ name: "known", driver: "dir" });
  await client.createNetwork({ name: "known", config: { "ipv4.address": "none" } });
  await (await client.createInstance({ name: "known", source: { type: "none" } })).wait();
  await (await client.createSnapshot("known", { name: "known" })).wait();
  await (await client.createImage({ source: { type: "template", template: "busybox" } })).wait();
  fingerprint = (await client.listImages())[0]?.fingerprint ?? "";
  await client.createImageAlias({ name: "known", target: fingerprint });
  await client.createImageAlias({ name: "taken", target: fingerprint });
});

interface NamedKind {
  readonly what: string;
  readonly path: string;
  /** What a create needs beside the name. */
  readonly post: () => object;
  readonly isRenamable: boolean;
  readonly maxLength: number;
  /** What only this kind refuses, or takes as LXD does though others refuse it. */
  readonly refuses?: readonly string[];
  readonly takes?: readonly string[];
  /** Whether an empty name asks for one of the server's. */
  readonly mayBeEmpty: boolean;
}

const kinds: readonly NamedKind[] = [
  {
    what: "instance",
    path: "/1.0/instances",
    post: () => ({ source: { type: "none" } }),
    isRenamable: true,
    maxLength: 63,
    mayBeEmpty: true,
  },
  {
    what: "snapshot",
    path: "/1.0/instances/known/snapshots",
    post: () => ({}),
    isRenamable: true,
    maxLength: 255,
    refuses: ["a?b", "a&b", "a+b"],
    mayBeEmpty: true,
  },
  {
    what: "profile",
    path: "/1.0/profiles",
    post: () => ({}),
    isRenamable: true,
    maxLength: 1024,
    takes: [" ", "a b"],
    mayBeEmpty: false,
  },
  {
    what: "storage pool",
    path: "/1.0/storage-pools",
    post: () => ({ driver: "dir" }),
    isRenamable: false,
    maxLength: 251,
    mayBeEmpty: false,
  },
  { what: "network", path: "/1.0/networks", post: () => ({}), isRenamable: true, maxLength: 15, mayBeEmpty: false },
  {
    what: "image alias",
    path: "/1.0/images/aliases",
    post: () => ({ target: fingerprint }),
    isRenamable: true,
    maxLength: 1024,
    takes: [" ", "a b", "/a", "a/"],
    mayBeEmpty: false,
  },
];

const badNames = [" ", "a b", "\ta", "a\nb", "a\rb", "a\n", "a\0b", "\0", ".", "..", "../a", "a/../b", "/a", "a/"];

for (const kind of kinds) {
  const names = [
    ...badNames.filter((name) => !kind.takes?.includes(name)),
    ...(kind.refuses ?? []),
    "a".repeat(kind.maxLength + 1),
    ...(kind.what === "image alias" ? ["a/./b"] : ["a/b"]),
  ];

  test(`a new ${kind.what} with a bad name is refused, and the name is said to be wrong`, () =>
    shared.unchanged(async () => {
      for (const name of kind.mayBeEmpty ? names : [...names, ""])
        assertRefused(await shared.send("POST", kind.path, { ...kind.post(), name }), 400, /name/);
      for (const name of [7, true, {}, ["a"]])
        assertRefused(await shared.send("POST", kind.path, { ...kind.post(), name }), 400, /name: /);
    }));

  if (kind.isRenamable)
    test(`a rename of the ${kind.what} to a bad name or to one that exists is refused`, () =>
      shared.unchanged(async () => {
        for (const name of [...names, ""])
          assertRefused(await shared.send("POST", `${kind.path}/known`, { name }), 400, /name/);
        const name = kind.what === "image alias" ? "taken" : "known";
        const told = await shared.outcome("POST", `${kind.path}/known`, { name });
        assert.equal(told.status, 409, told.error);
        assert.match(told.error, /exists|in use/);
      }));

  test(`a second ${kind.what} of the same name is refused with 409, and the first one stays`, () =>
    shared.refuses("POST", kind.path, { ...kind.post(), name: "known" }, 409, /already exists/));
}

/** Every path of the API with one of its names replaced, the others being of things that exist. */
const pathsWith = (bad: string) =>
  apiRoutes.flatMap(({ method, path }) =>
    [...path.matchAll(/:(\w+)\*?/g)].map(([place]) => ({
      method,
      path: path.replace(place, bad).replace(/:(\w+)\*?/g, "known"),
    })),
  );

const bodyFor = (method: string) => (method === "GET" || method === "HEAD" || method === "DELETE" ? undefined : {});

for (const bad of ["%00", "a%00b", "%0a", "a%0Ab", "%0d"])
  test(`${bad} in any part of any path is refused with 400`, () =>
    shared.unchanged(async () => {
      for (const { method, path } of pathsWith(bad)) {
        const answer = await shared.send(method, path, bodyFor(method));
        assert.equal(answer.status, 400, `${method} ${path}: ${answer.text}`);
        if (method !== "HEAD") assertRefused(answer, 400, /NUL|line break/);
      }
    }));

for (const bad of [".", "..", "%2e%2e", "..%2f..%2fetc", "%2fetc%2fpasswd", "a".repeat(5000), "%20", "%F0%9F%8F%9A"])
  test(`${bad.slice(0, 20)} in any part of any path names nothing and changes nothing`, () =>
    shared.unchanged(async () => {
      for (const { method, path } of pathsWith(bad)) {
        const { status, text } = await shared.send(method, path, bodyFor(method));
        const isRefused = status === 404 || status === 400 || status === 501;
        // ".." and "." after the last slash of a list are names too, and a body without its fields comes first.
        assert.ok(isRefused, `${method} ${path.slice(0, 200)}: ${status} ${text}`);
      }
    }));

test("a path that is not percent-encoded UTF-8 is refused with 400", () =>
  shared.unchanged(async () => {
    for (const { method, path } of [...pathsWith("%zz"), ...pathsWith("%"), ...pathsWith("%ff")]) {
      const answer = await shared.send(method, path, bodyFor(method));
      assert.equal(answer.status, 400, `${method} ${path}: ${answer.text}`);
      if (method !== "HEAD") assertRefused(answer, 400, /./);
    }
  }));

test("a name in letters that are no whole characters is refused", () =>
  shared.refusesAtOnce("POST", "/1.0/profiles", '{"name": "a\\ud800"}', 400, /name: .*surrogate/));
