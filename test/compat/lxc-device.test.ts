/** The distribution's own lxc client and devices: proxies, device nodes and disks in memory, added, changed and removed while a container runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Lxc, lxcOfFile, skip } from "../support/lxc";

const withLxc = lxcOfFile();

const inside = (lxc: Lxc, command: string): string => lxc.run("exec", "box", "--", "sh", "-c", command).trim();

test("lxc config device adds, shows, sets and removes each of them", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "box");
    const device = (...args: string[]) => lxc.run("config", "device", ...args);

    device("add", "box", "ctl", "unix-char", "source=/dev/loop-control", "path=/dev/loops", "mode=0604");
    assert.equal(inside(lxc, "stat -c '%a %F' /dev/loops"), "604 character special file");
    device("set", "box", "ctl", "mode", "0640");
    assert.equal(inside(lxc, "stat -c %a /dev/loops"), "640");
    device("remove", "box", "ctl");
    assert.equal(inside(lxc, "test -e /dev/loops || echo gone"), "gone");

    device("add", "box", "fast", "disk", "source=tmpfs:", "path=/srv/fast", "size=1MiB");
    assert.equal(inside(lxc, "df -k /srv/fast | awk 'END { print $1, $2 }'"), "tmpfs 1024");

    device("add", "box", "web", "proxy", "listen=tcp:127.0.0.1:8080", "connect=tcp:127.0.0.1:80", "bind=host");
    inside(lxc, "mkdir -p /srv/w && echo hello >/srv/w/index.html && httpd -p 80 -h /srv/w");
    device("add", "box", "back", "proxy", "listen=tcp:127.0.0.1:90", "connect=tcp:127.0.0.1:8080", "bind=container");
    assert.equal(inside(lxc, "wget -qO- http://127.0.0.1:90/"), "hello");
    assert.match(device("show", "box"), /listen: tcp:127\.0\.0\.1:8080/);
    for (const name of ["web", "back", "fast"]) device("remove", "box", name);
    assert.equal(device("list", "box").trim(), "");

    const refused = lxc.try([
      "config",
      "device",
      "add",
      "box",
      "x",
      "proxy",
      "listen=tcp:host:1",
      "connect=tcp:1.2.3.4:1",
    ]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /Not an IP address/);
    lxc.run("delete", "-f", "box");
  }),
);

test("an instance does not go to another pool by its root disk, and is told so in LXD's words", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("init", "bb", "box");
    const refused = lxc.try(["config", "device", "override", "box", "root", "pool=other"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /^Error: Cannot update root disk device pool name to "other"/);
    lxc.run("config", "device", "override", "box", "root", "pool=main");
    assert.match(lxc.run("config", "device", "show", "box"), /pool: main/);
  }),
);
