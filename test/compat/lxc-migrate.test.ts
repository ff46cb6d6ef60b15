/** The distribution's own lxc client copies and moves instances between two servers, in each of its modes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skip } from "../support/lxc";
import { Far, withTwoServers } from "../support/servers";

const see = "cat /root/file; stat -c '%u:%g %a' /root/file; readlink /root/link";

test("instances are copied, refreshed and moved between two servers with their snapshots", { skip }, () =>
  withTwoServers(["overlay", "dir"], async (one, other) => {
    using lxc = new Far(one.daemon.netns.pid, one.daemon.dir);
    const { run } = lxc;
    await other.daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
    run("remote", "add", "b", `https://${other.address}`, "--accept-certificate", "--password", "sesame");
    await (await one.daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
    const [image] = await one.daemon.client.listImages();
    run("launch", image?.fingerprint ?? "", "web", "-q", "-c", "user.x=1");
    const inside = (...words: string[]) => run("exec", "web", "--", "sh", "-c", words.join("; "));
    inside("echo one > /root/file", "chown 5:6 /root/file", "chmod 640 /root/file", "ln -s /etc/passwd /root/link");
    run("snapshot", "web", "s1");
    inside("echo two > /root/file", "rm /root/link", "ln -s /etc/group /root/link");
    lxc.refuses(/CRIU isn't installed on the source server/, "copy", "web", "b:web", "-q");
    run("copy", "web", "b:running", "--stateless", "--instance-only", "-q");
    assert.doesNotMatch(run("info", "b:running"), /Snapshots/);
    run("stop", "-f", "web");

    for (const mode of ["pull", "push", "relay"]) {
      run("copy", "web", `b:${mode}`, "--mode", mode, "-q");
      run("start", `b:${mode}`);
      assert.equal(
        run("exec", `b:${mode}`, "--", "sh", "-c", `${see}; hostname`),
        `two\n5:6 640\n/etc/group\n${mode}\n`,
      );
      assert.equal(run("config", "get", `b:${mode}`, "user.x").trim(), "1");
      run("stop", "-f", `b:${mode}`);
    }
    run("copy", "web/s1", "b:old", "-q");
    run("start", "b:old");
    assert.equal(run("exec", "b:old", "--", "sh", "-c", see), "one\n5:6 640\n/etc/passwd\n");

    // The other way, with what has changed meanwhile.
    run("snapshot", "web", "s2");
    run("copy", "web", "b:pull", "--refresh", "-q");
    assert.match(run("info", "b:pull"), /s1[\s\S]*s2/);
    const uuid = run("config", "get", "web", "volatile.uuid");
    run("move", "web", "b:moved", "-q");
    assert.equal(run("list", "-f", "csv", "-c", "n"), "");
    assert.equal(run("config", "get", "b:moved", "volatile.uuid"), uuid, "it stays who it is");
    run("restore", "b:moved", "s1");
    run("move", "b:moved", "local:back", "-q");
    run("start", "back");
    assert.equal(run("exec", "back", "--", "sh", "-c", see), "one\n5:6 640\n/etc/passwd\n");
    assert.match(run("info", "back"), /s1[\s\S]*s2/);
  }),
);
