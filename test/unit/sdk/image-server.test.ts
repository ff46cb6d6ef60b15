/** Servers of images: which everybody has, which are stored, and what the image that people name is on the wire. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { addImageServer, imageSource, listImageServers, listRemotes, removeRemote } from "../../../sdk/index";
import { storeRemote } from "../../../sdk/remote/file";

/** Runs the work with a config folder that is not there yet. */
function withFolder(work: (env: NodeJS.ProcessEnv) => void): void {
  const base = mkdtempSync(path.join(tmpdir(), "bothy-servers-"));
  try {
    work({ BOTHY_CONFIG: path.join(base, "config") });
  } finally {
    rmSync(base, { recursive: true });
  }
}

const pull = { type: "image", mode: "pull", protocol: "simplestreams" };

test("the well-known servers are there without a file, and lead to simplestreams", () =>
  withFolder((env) => {
    assert.deepEqual(
      listImageServers(env).map(({ name }) => name),
      ["docker", "images", "ubuntu", "ubuntu-daily"],
    );
    const server = "https://images.lxd.canonical.com";
    assert.deepEqual(imageSource("images:alpine/3.20", env), { ...pull, server, alias: "alpine/3.20" });
    const ubuntu = "https://cloud-images.ubuntu.com/releases";
    assert.deepEqual(imageSource("ubuntu:24.04", env), { ...pull, server: ubuntu, alias: "24.04" });
  }));

test("docker leads to a registry, and so does one of one's own, without TLS too", () =>
  withFolder((env) => {
    const oci = { ...pull, protocol: "oci" };
    const docker = { ...oci, server: "https://docker.io" };
    assert.deepEqual(imageSource("docker:nginx:alpine", env), { ...docker, alias: "nginx:alpine" });
    assert.deepEqual(imageSource("docker:team/app", env), { ...docker, alias: "team/app" });
    addImageServer("own", "http://127.0.0.1:5000/team/", env, "oci");
    assert.deepEqual(imageSource("own:app:1", env), { ...oci, server: "http://127.0.0.1:5000/team", alias: "app:1" });
    assert.throws(() => imageSource("docker:", env), /it needs an alias, such as "docker:nginx:alpine"/);
  }));

test("templates, aliases and fingerprints are of the daemon itself", () =>
  withFolder((env) => {
    assert.deepEqual(imageSource("template:busybox", env), { type: "image", alias: "template:busybox" });
    assert.deepEqual(imageSource("os/debian", env), { type: "image", alias: "os/debian" });
    assert.deepEqual(imageSource("abcdef", env), { type: "image", alias: "abcdef" });
    assert.deepEqual(imageSource("0123456789ab", env), { type: "image", fingerprint: "0123456789ab" });
  }));

test("a stored server takes the place of a well-known one until it is removed, and is no remote to work with", () =>
  withFolder((env) => {
    storeRemote({ name: "lab", url: "https://lab:8443", fingerprint: "ab".repeat(32), protocol: "lxd" }, env);
    assert.deepEqual(addImageServer("images", "https://mirror.example/of/images/", env), {
      name: "images",
      url: "https://mirror.example/of/images",
      protocol: "simplestreams",
    });
    addImageServer("own", "https://own.example", env);
    assert.deepEqual(imageSource("images:a/b", env).server, "https://mirror.example/of/images");
    assert.deepEqual(imageSource("own:a", env).server, "https://own.example");
    assert.deepEqual(
      listRemotes(env).map(({ name }) => name),
      ["lab"],
    );
    removeRemote("images", env);
    assert.equal(imageSource("images:a", env).server, "https://images.lxd.canonical.com");
    assert.deepEqual(
      listRemotes(env).map(({ name }) => name),
      ["lab"],
    );
  }));

test("unknown servers, taken names and what is no address are refused", () =>
  withFolder((env) => {
    assert.throws(() => imageSource("imgs:a", env), {
      code: "BAD_REQUEST",
      message: /there is no server of images "imgs"\. Use docker:, images:, ubuntu:, ubuntu-daily:, or add one/,
    });
    assert.throws(() => imageSource("images:", env), /it needs an alias/);
    addImageServer("own", "https://own.example", env);
    assert.throws(() => addImageServer("own", "https://other.example", env), { code: "CONFLICT" });
    for (const url of ["http://plain.example", "own.example", "https://me@own.example", "https://x.example/?a=b"])
      assert.throws(() => addImageServer("more", url, env), /is not the address of a server of images/, url);
    assert.throws(() => addImageServer("template", "https://own.example", env), /Choose another one/);
  }));
