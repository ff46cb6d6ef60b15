/** Images of OCI: references, commands and what an image fills in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRuntime, runtimeText } from "../../../daemon/kinds/image/archive/oci-runtime";
import { chooseFor, parseManifest } from "../../../daemon/kinds/image/oci/manifest";
import { parseReference } from "../../../daemon/kinds/image/oci/reference";
import { requirePrograms } from "../../../daemon/kinds/image/oci/skopeo";
import { ociCommandOps } from "../../../daemon/kinds/instance/spec/oci";
import { ociConfig, withoutOci } from "../../../daemon/kinds/instance/spec/oci-filled";
import { joinWords, splitWords } from "../../../sdk/api/config/shell-words";

test("references are what registries have, and nothing else", () => {
  const whole = (server: string, name: string) => {
    const { repository, version, isSecure } = parseReference(server, name);
    return `${isSecure ? "" : "plain "}${repository}${version}`;
  };
  assert.equal(whole("https://docker.io", "nginx"), "docker.io/nginx:latest");
  assert.equal(whole("https://docker.io/", "team/app:1.2-rc_1"), "docker.io/team/app:1.2-rc_1");
  assert.equal(whole("http://127.0.0.1:5000/of/ours", "a__b"), "plain 127.0.0.1:5000/of/ours/a__b:latest");
  assert.equal(whole("https://[::1]:5000", "app"), "[::1]:5000/app:latest");
  const digest = `sha256:${"a".repeat(64)}`;
  assert.equal(whole("https://ghcr.io", `app:1@${digest}`), `ghcr.io/app@${digest}`);
  for (const name of ["", "-app", "/app", "app/", "a//b", "app:", "app:-x", "app@sha256:1", "a b", "app\n", "../app"])
    assert.throws(() => parseReference("https://docker.io", name), /is not a name in a registry/, name);
  for (const server of [
    "docker.io",
    "https://",
    "https://-x",
    "oci:/x",
    "https://a/../b",
    "https://a?x=y",
    "https://a b",
  ])
    assert.throws(() => parseReference(server, "app"), /is not the address of a registry/, server);
});

test("a command is split as a shell does, without what a shell replaces, and put together again", () => {
  for (const [text, words] of [
    ["", []],
    ["  a  b\tc\n", ["a", "b", "c"]],
    [`sh -c 'echo "$X" | cat'`, ["sh", "-c", 'echo "$X" | cat']],
    [`a"b c"'d e'f`, ["ab cd ef"]],
    [`"a \\" \\\\ \\n" \\ x ''`, ['a " \\ \\n', " x", ""]],
  ] as const) {
    assert.deepEqual(splitWords(text), words);
    assert.deepEqual(splitWords(joinWords(words)), words);
  }
  for (const text of ["'", '"a', "a\\", '"\\"']) assert.equal(splitWords(text), undefined, text);
  assert.equal(joinWords(["/bin/sh", "-c", "it's"]), `/bin/sh -c 'it'\\''s'`);
});

const runtime = {
  args: ["/run", "a b"],
  env: { PATH: "/bin", MODE: "image", EMPTY: "" },
  cwd: "/srv",
  uid: 1000,
  gid: 1001,
  stopSignal: "SIGQUIT",
};

test("what an image runs is read as it is written, and a config.json of anything else is passed over", () => {
  assert.deepEqual(parseRuntime(runtimeText(runtime)), runtime);
  for (const text of ["", "{", "[]", "null", '{"process": {}}']) assert.equal(parseRuntime(text), undefined);
  const odd = { ociVersion: "1", process: { args: null, env: ["=x", "A=b=c", "bare", "TERM=xterm"] } };
  assert.deepEqual(parseRuntime(JSON.stringify(odd)), { args: [], env: { A: "b=c" }, cwd: "/", uid: 0, gid: 0 });
  for (const process of [{ cwd: "x" }, { user: { uid: -1 } }, { args: ["a\0b"] }, { args: "x" }])
    assert.throws(() => parseRuntime(JSON.stringify({ ociVersion: "1", process })), /config\.json is not valid/);
});

test("an image fills in what nobody has said, and its command runs below the reaper as its user", () => {
  const filled = ociConfig(runtime, { "environment.MODE": "profile", "oci.cwd": "/other" });
  const { "volatile.container.oci.filled": note = "", ...keys } = filled;
  assert.deepEqual(Object.keys(JSON.parse(note)), ["environment.PATH", "oci.entrypoint", "oci.uid", "oci.gid"]);
  assert.deepEqual(keys, {
    "environment.PATH": "/bin",
    "oci.entrypoint": "/run 'a b'",
    "oci.uid": "1000",
    "oci.gid": "1001",
    "volatile.container.oci": "true",
    "volatile.container.oci.stop_signal": "SIGQUIT",
  });
  assert.deepEqual(ociConfig(undefined, {}), {});
  assert.deepEqual(withoutOci({ ...filled, "oci.uid": "5", "user.x": "y" }), { "oci.uid": "5", "user.x": "y" });
  assert.deepEqual(withoutOci({ "volatile.container.oci": "true", "oci.uid": "5" }), {}, "nothing was noted");
  assert.deepEqual(ociCommandOps({ ...filled, "oci.cwd": "/other" }), [
    ["init-reaper"],
    ["user", 1000],
    ["group", 1001],
    ["cwd", "/other"],
    ["arg", "/run"],
    ["arg", "a b"],
  ]);
  // s6 and the like want to be process 1.
  assert.deepEqual(ociCommandOps({ "oci.entrypoint": "/init" })[0], ["user", 0]);
  assert.deepEqual(ociCommandOps({ "oci.entrypoint": "/init", "oci.uid": "5" })[0], ["init-reaper"]);
  assert.throws(() => ociCommandOps({}), /Set "oci\.entrypoint"/);
});

test("the groups of the image's user count while the command runs as that user", () => {
  const process = { user: { uid: 1000, gid: 1001, additionalGids: [29, 1001, 29, 44] }, args: ["/run"] };
  const read = parseRuntime(JSON.stringify({ ociVersion: "1", process }));
  assert.deepEqual(read?.groups, [29, 44]);
  assert.deepEqual(parseRuntime(runtimeText(read)), read);
  const filled = ociConfig(read, {});
  const groups = (config: Record<string, string>) =>
    ociCommandOps(config).flatMap(([name, group]) => (name === "supplementary-group" ? [group] : []));
  assert.deepEqual(groups(filled), [29, 44]);
  assert.deepEqual(groups({ ...filled, "oci.uid": "0" }), []);
});

test("words that no kernel takes are refused", () => {
  const text = (env: string[]) => JSON.stringify({ ociVersion: "1", process: { args: ["/run"], env } });
  assert.throws(
    () => parseRuntime(text([`A=${"x".repeat(131_070)}`])),
    /process\.env\.0: must not have more than 131071/,
  );
  const many = Array.from({ length: 20 }, (_, index) => `A${index}=${"x".repeat(100_000)}`);
  assert.throws(() => parseRuntime(text(many)), /process\.env: must not have more than 1048576 bytes together/);
});

test("of a list the manifest for an architecture is taken, a variant of arm too", () => {
  const entry = (architecture: string, digit: string, variant?: string) => ({
    digest: `sha256:${digit.repeat(64)}`,
    size: 1,
    platform: { architecture, os: "linux", ...(variant === undefined ? {} : { variant }) },
  });
  const unknown = { digest: `sha256:${"9".repeat(64)}`, size: 1, platform: { architecture: "unknown", os: "unknown" } };
  const manifests = [
    entry("amd64", "1"),
    entry("arm", "2", "v6"),
    entry("arm", "3", "v7"),
    entry("arm64", "4"),
    unknown,
  ];
  const list = parseManifest(JSON.stringify({ manifests }), "app");
  assert.ok("choices" in list);
  const digit = (architecture: string) => chooseFor(architecture, list.choices, "app").digest[0];
  assert.deepEqual(["x86_64", "armv6l", "armv7l", "aarch64"].map(digit), ["1", "2", "3", "4"]);
  assert.throws(() => digit("s390x"), /for the architecture s390x; there is one for x86_64, armv6l, armv7l, aarch64/);
});

test("without the programs the error says what to install", (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = "/nowhere";
  assert.throws(() => requirePrograms(), {
    code: "BAD_REQUEST",
    message:
      /needs skopeo and umoci, and "skopeo" and "umoci" are not installed\. Install them.*apt-get install skopeo umoci/,
  });
});
