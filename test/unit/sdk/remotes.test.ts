/** Remotes and the client certificate: the files of the config folder, what is kept in them and what is refused. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { makeCertificate, makeKey } from "../../../sdk/host/certificate";
import { listRemotes, type Remote, removeRemote } from "../../../sdk/index";
import { storeRemote } from "../../../sdk/remote/file";
import { configFolder } from "../../../sdk/remote/folder";
import { ensureIdentity, readIdentity } from "../../../sdk/remote/identity";

/** Runs the work with a config folder that is not there yet. */
async function withFolder(work: (env: NodeJS.ProcessEnv, folder: string) => unknown): Promise<void> {
  const base = mkdtempSync(path.join(tmpdir(), "bothy-remotes-"));
  const folder = path.join(base, "deep", "config");
  try {
    await work({ BOTHY_CONFIG: folder }, folder);
  } finally {
    rmSync(base, { recursive: true });
  }
}

const lab: Remote = { name: "lab", url: "https://lab:8443", fingerprint: "ab".repeat(32), protocol: "lxd" };
const modeOf = (file: string) => statSync(file).mode & 0o777;

test("the config folder is BOTHY_CONFIG, else below XDG_CONFIG_HOME, else below the home", () => {
  assert.equal(configFolder({ BOTHY_CONFIG: "/a", XDG_CONFIG_HOME: "/b", HOME: "/c" }), "/a");
  assert.equal(configFolder({ XDG_CONFIG_HOME: "/b", HOME: "/c" }), "/b/bothy");
  assert.equal(configFolder({ XDG_CONFIG_HOME: "relative", HOME: "/c" }), "/c/.config/bothy");
  assert.equal(configFolder({ HOME: "/c" }), "/c/.config/bothy");
});

test("remotes are stored, listed by name and removed, in a file of the user's alone", () =>
  withFolder((env, folder) => {
    assert.deepEqual(listRemotes(env), []);
    storeRemote(lab, env);
    const other: Remote = { name: "a.b-c", url: "https://[fd42::1]:8443", protocol: "incus", ca: true };
    storeRemote(other, env);
    assert.deepEqual(listRemotes(env), [other, lab]);
    assert.equal(modeOf(path.join(folder, "remotes.json")), 0o600);
    assert.equal(modeOf(folder), 0o700);
    assert.deepEqual(readdirSync(folder), ["remotes.json"], "nothing else is left");
    removeRemote("lab", env);
    assert.deepEqual(listRemotes(env), [other]);
    assert.throws(() => removeRemote("lab", env), {
      code: "NOT_FOUND",
      message: /Cannot remove remote "lab": there is none/,
    });
  }));

test("a name that is taken and one that cannot be one are refused", () =>
  withFolder((env) => {
    storeRemote(lab, env);
    assert.throws(() => storeRemote(lab, env), {
      code: "CONFLICT",
      message: /remote "lab": there is one of that name/,
    });
    for (const name of ["", "a b", "a/b", "a:b", "-a", "__proto__", "a".repeat(64), "ä"])
      assert.throws(
        () => storeRemote({ ...lab, name }, env),
        { code: "BAD_REQUEST", message: /a name has 1 to 63/ },
        name,
      );
    storeRemote({ ...lab, name: "constructor" }, env);
    assert.deepEqual(
      listRemotes(env).map(({ name }) => name),
      ["constructor", "lab"],
    );
  }));

test("a file of remotes that is damaged is told by its name and what is wrong in it", () =>
  withFolder((env, folder) => {
    storeRemote(lab, env);
    const file = path.join(folder, "remotes.json");
    const wrong: [string, RegExp][] = [
      ["", /JSON/],
      ["{", /JSON/],
      ["[]", /it: /],
      ['{"lab":7}', /lab: /],
      ['{"lab":{"url":"https://lab","protocol":"ftp"}}', /lab\.protocol: /],
      ['{"lab":{"url":"ftp://lab","protocol":"lxd"}}', /Cannot use endpoint "ftp:\/\/lab"/],
      ['{"lab":{"url":"https://lab","protocol":"lxd","fingerprint":"ABC"}}', /lab\.fingerprint: is not a SHA-256/],
    ];
    for (const [text, cause] of wrong) {
      writeFileSync(file, text);
      assert.throws(
        () => listRemotes(env),
        (error: Error) => error.message.startsWith(`Cannot read "${file}": `) && cause.test(error.message),
        text,
      );
    }
  }));

test("a config folder that cannot be made is told", () =>
  withFolder((env, folder) => {
    storeRemote(lab, env);
    const inFile = path.join(folder, "remotes.json", "below");
    assert.throws(() => storeRemote(lab, { BOTHY_CONFIG: inFile }), {
      code: "BAD_REQUEST",
      message: /^Cannot write ".*remotes.json\/below\/remotes.json": .*BOTHY_CONFIG/,
    });
  }));

test("the client certificate is made once, for whoever asks first, with a key of the user's alone", () =>
  withFolder(async (env, folder) => {
    assert.equal(readIdentity(env), undefined);
    const [first, second] = await Promise.all([ensureIdentity(env), ensureIdentity(env)]);
    assert.deepEqual(first, second);
    assert.deepEqual(readIdentity(env), first);
    assert.equal(modeOf(path.join(folder, "client.key")), 0o600);
    const certificate = new X509Certificate(first.certificate);
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    assert.match(certificate.subject, /^O=bothy\nCN=.+@.+$/);
    assert.deepEqual(readdirSync(folder).sort(), ["client.crt", "client.key"]);
  }));

test("a key that others can read is refused, with how to mend it", () =>
  withFolder(async (env, folder) => {
    await ensureIdentity(env);
    const file = path.join(folder, "client.key");
    for (const mode of [0o640, 0o604, 0o644]) {
      chmodSync(file, mode);
      const expected = {
        code: "FORBIDDEN",
        message: new RegExp(`others can read its key .*mode 0${mode.toString(8)}.*chmod 600`),
      };
      assert.throws(() => readIdentity(env), expected);
      await assert.rejects(ensureIdentity(env), expected);
    }
  }));

test("a key without its certificate gets one; a certificate without its key is told", () =>
  withFolder(async (env, folder) => {
    const { key, certificate } = await ensureIdentity(env);
    rmSync(path.join(folder, "client.crt"));
    assert.throws(() => readIdentity(env), {
      code: "BAD_REQUEST",
      message: /client.key" is there and .*client.crt" is not/,
    });
    const again = await ensureIdentity(env);
    assert.equal(again.key, key);
    assert.notEqual(again.certificate, certificate);
    rmSync(path.join(folder, "client.key"));
    await assert.rejects(ensureIdentity(env), {
      code: "BAD_REQUEST",
      message: /client.crt" is there and .*client.key" is not/,
    });
  }));

test("files that are none, a key of another certificate and an expired one are told by their names", () =>
  withFolder(async (env, folder) => {
    await ensureIdentity(env);
    const [certificateFile, keyFile] = [path.join(folder, "client.crt"), path.join(folder, "client.key")];
    const key = readFileSync(keyFile, "utf8");
    writeFileSync(keyFile, makeKey());
    await assert.rejects(ensureIdentity(env), { code: "BAD_REQUEST", message: /client.key" is not the key of/ });
    writeFileSync(keyFile, "no key");
    await assert.rejects(ensureIdentity(env), { code: "BAD_REQUEST", message: /client.key" cannot be read/ });
    writeFileSync(keyFile, key);
    writeFileSync(certificateFile, "no certificate");
    await assert.rejects(ensureIdentity(env), { code: "BAD_REQUEST", message: /client.crt" cannot be read/ });
    const from = new Date("2001-01-01T00:00:00Z");
    writeFileSync(certificateFile, makeCertificate(key, { use: "client", commonName: "old", from }));
    await assert.rejects(ensureIdentity(env), {
      code: "BAD_REQUEST",
      message: /client.crt" expired at Jan +1 00:00:00 2011/,
    });
  }));
