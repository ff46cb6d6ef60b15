/** Programs that read a stranger's bytes: what they see, what they may do, and how they end. */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { cellProgram } from "../../sdk/host/package";
import { buildGuest } from "../support/guest";
import { processesWith } from "../support/process";

const folder = mkdtempSync(path.join(tmpdir(), "bothy-confine-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const shell = "/bin/sh";

/** Runs a script of the host's shell, confined. */
function confine(options: readonly string[], script: string, input = "") {
  const { status, stdout, stderr } = spawnSync(cellProgram, ["confine", ...options, "--", shell, "-c", script], {
    input,
  });
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

function emptyFolder(name: string): string {
  const made = path.join(folder, name);
  mkdirSync(made);
  return made;
}

test("it reads its input, prints, and its exit code or signal is told", () => {
  assert.deepEqual(confine([], "read line; echo got $line; echo bad >&2; exit 7", "this\n"), {
    status: 7,
    stdout: "got this\n",
    stderr: "bad\n",
  });
  assert.equal(confine([], "sh -c 'kill -9 $$'; exit $?").status, 128 + 9);
});

test("it sees programs of the host and what it was given, and nothing else", () => {
  const given = emptyFolder("given");
  writeFileSync(path.join(given, "file"), "seen");
  const { stdout } = confine(
    ["--read", given],
    `ls -A / /etc /dev; cat ${given}/file; ls ${folder}; ls /proc /root /sys /tmp/* 2>/dev/null`,
  );
  const names = new Set(stdout.split(/\s+/));
  for (const hidden of ["proc", "sys", "root", "home", "var", "passwd", "shadow", "sda", "vda", "kmsg"])
    assert.ok(!names.has(hidden), `${hidden} is in sight: ${stdout}`);
  assert.ok(names.has("usr") && names.has("null"));
  assert.match(stdout, /seen/);
  assert.match(stdout, /given/);
});

test("it writes where it may, as every owner and with every mode, and nowhere else", () => {
  const [given, place] = [emptyFolder("readable"), emptyFolder("writable")];
  writeFileSync(path.join(given, "file"), "old");
  const script = `
    cd ${place} && touch mine && chown 12345:54321 mine && chmod 4755 mine && mkfifo fifo && ln -s /x link && ln mine hard
    for place in ${given}/file /new /etc/new /usr/new /dev/new ${folder}/new; do (echo x > $place) 2>/dev/null && echo wrote $place; done
    true`;
  const told = confine(["--read", given, "--write", place], script);
  assert.deepEqual(told, { status: 0, stdout: "", stderr: "" });
  const { uid, gid, mode } = lstatSync(path.join(place, "mine"));
  assert.deepEqual([uid, gid, mode & 0o7777], [12345, 54321, 0o4755]);
  assert.deepEqual(readdirSync(place).sort(), ["fifo", "hard", "link", "mine"]);
  assert.equal(readFileSync(path.join(given, "file"), "utf8"), "old");
});

test("by ids of the disk it is the first of them, and what it gives away is of the others; its caller's files it reads", () => {
  const [given, place] = [emptyFolder("secret"), emptyFolder("shifted")];
  writeFileSync(path.join(given, "file"), "caller's", { mode: 0o600 });
  chownSync(place, 100_000, 100_000);
  const script = `
    id -u; cat ${given}/file; cd ${place} && touch mine other && chown 12:34 other && mkdir folder
    chown 70000:0 mine 2>/dev/null || echo refused; ln -s /x link; touch ${given}/new 2>/dev/null || echo read-only`;
  const told = confine(["--read", given, "--write", place, "--disk-ids", "100000:65536"], script);
  assert.deepEqual(told, { status: 0, stdout: "0\ncaller'srefused\nread-only\n", stderr: "" });
  const owners = ["mine", "other", "folder", "link"].map((name) => {
    const { uid, gid } = lstatSync(path.join(place, name));
    return `${uid}:${gid}`;
  });
  assert.deepEqual(owners, ["100000:100000", "100012:100034", "100000:100000", "100000:100000"]);
  const archive = confine(
    ["--write", place, "--ids", "500:1000", "--disk-ids", "100000:65536"],
    `id -u; chown 507:500 ${place}/other`,
  );
  assert.deepEqual(archive, { status: 0, stdout: "500\n", stderr: "" });
  assert.equal(lstatSync(path.join(place, "other")).uid, 100_007, "an archive that begins at 500");
});

test("it has no power over mounts, processes, networks and devices of the host", () => {
  const place = emptyFolder("powerless");
  const script = `
    cd ${place}
    mount -t tmpfs none ${place} 2>/dev/null && echo mounted
    mount -o remount,bind,rw /usr 2>/dev/null && echo remounted
    chroot ${place} true 2>/dev/null; [ $? = 125 ] || echo chrooted
    unshare --mount true 2>/dev/null && echo unshared
    hostname changed 2>/dev/null && echo named
    mknod disk b 8 0 2>/dev/null && echo node
    echo $$`;
  const before = execFileSync("hostname").toString();
  assert.equal(confine(["--write", place], script).stdout, "1\n");
  assert.equal(execFileSync("hostname").toString(), before);
  assert.deepEqual(readdirSync(place), []);
  const python = "import socket; print(len(socket.if_nameindex()))";
  if (existsSync("/usr/bin/python3"))
    assert.match(confine([], `/usr/bin/python3 -c '${python}'`).stdout, /^1\n$/, "a lonely lo");
});

test("a descriptor of the caller's leads to no file that was not given", () => {
  const given = emptyFolder("program");
  buildGuest("beyond", path.join(given, "beyond"));
  writeFileSync(path.join(folder, "of-the-host"), "of the host");
  const beyond = (program: string, before: readonly string[]) => {
    const descriptor = openSync(folder, "r");
    try {
      const args = [...before, path.join(given, "beyond"), "of-the-host"];
      return String(spawnSync(program, args, { stdio: [descriptor, "pipe", "inherit"] }).stdout);
    } finally {
      closeSync(descriptor);
    }
  };
  assert.equal(beyond("/usr/bin/env", []), "0\n", "it is there for whoever has the descriptor");
  assert.equal(beyond(cellProgram, ["confine", "--read", given, "--"]), "13\n");
  assert.equal(beyond(cellProgram, ["confine", "--read", given, "--write", emptyFolder("written"), "--"]), "13\n");
});

test("where it may make device nodes it cannot open them", () => {
  const place = emptyFolder("nodes");
  const script = `cd ${place}; mknod zero c 1 5 && mknod disk b 8 0 && (head -c 1 zero; head -c 1 disk) 2>&1 >/dev/null | grep -c 'Permission denied'`;
  assert.equal(confine(["--write", place, "--device-nodes"], script).stdout, "2\n");
  assert.ok(lstatSync(path.join(place, "disk")).isBlockDevice());
});

test("its memory is bounded", () => {
  const bounded = confine(
    ["--memory", "50000000"],
    "dd if=/dev/null of=/dev/null bs=100M count=1 2>/dev/null && echo ate",
  );
  assert.equal(bounded.stdout, "");
  assert.match(
    confine(["--memory", "500000000"], "dd if=/dev/null of=/dev/null bs=100M count=1 2>/dev/null && echo ate").stdout,
    /ate/,
  );
});

/** Processes whose command line has this word. */
const having = (word: string) => processesWith((words) => words.includes(word));

for (const [what, kill] of [
  ["it is killed", (starter: number, confiner: number) => process.kill(confiner, "SIGKILL") && starter],
  ["its starter is killed", (starter: number) => process.kill(starter, "SIGKILL")],
] as const)
  test(`all that it has started ends when ${what}`, async () => {
    const word = `${1000 + Math.floor(Math.random() * 1e8)}`;
    const script = `"$0" confine -- /bin/sh -c 'sleep ${word} & setsid sleep ${word} & wait' & echo $!; wait`;
    const starter = spawn("/bin/sh", ["-c", script, cellProgram], { stdio: ["ignore", "pipe", "inherit"] });
    const confiner = await new Promise<number>((resolve) =>
      starter.stdout.once("data", (text) => resolve(Number(text))),
    );
    while (having(word).length < 2) await new Promise((resolve) => setImmediate(resolve));
    kill(starter.pid ?? 0, confiner);
    while (having(word).length > 0) await new Promise((resolve) => setImmediate(resolve));
    starter.kill("SIGKILL");
  });

test("a wrong option or program is refused with what is wrong", () => {
  for (const [args, message] of [
    [["confine", "--read", "relative", "--", "/bin/true"], /Cannot take the option/],
    [["confine", "--write", "/nowhere/at/all", "--", "/bin/true"], /Cannot examine the path/],
    [["confine", "--", "true"], /absolute path of a program/],
    [["confine"], /absolute path of a program/],
    [["confine", "--", "/bin/nothing-of-this-name"], /Cannot execute the program/],
  ] as const) {
    const { status, stderr } = spawnSync(cellProgram, args);
    assert.equal(status, 125);
    assert.match(String(stderr), message);
  }
});

test("of a range of ids the first is 0 on disk, others are refused, and device nodes have no range", () => {
  const made = emptyFolder("ids");
  const options = ["--write", made, "--ids", "100000:65536"];
  const own = confine(
    options,
    `id -u; cd ${made}; echo x > mine; echo x > far; chown 100005:100006 far; chmod 4755 far`,
  );
  assert.deepEqual([own.status, own.stdout], [0, "100000\n"], own.stderr);
  const [mine, far] = ["mine", "far"].map((name) => lstatSync(path.join(made, name)));
  assert.deepEqual([mine?.uid, mine?.gid, far?.uid, far?.gid, (far?.mode ?? 0) & 0o7777], [0, 0, 5, 6, 0o4755]);
  for (const id of ["0", "99999", "165536"]) {
    const foreign = confine(options, `chown ${id} ${made}/far`);
    assert.notEqual(foreign.status, 0);
    assert.match(foreign.stderr, /Invalid argument/);
  }
  for (const wrong of ["0:5", "5", "5:0", ":", "x:1", "4294967290:10"])
    assert.match(confine(["--write", made, "--ids", wrong], "true").stderr, /Cannot take the option/);
  assert.match(confine([...options, "--device-nodes"], "true").stderr, /Cannot map ids/);
});

test("device nodes that it makes are left out without its notice, wherever it puts them, and told", () => {
  for (const ids of [[], ["--ids", "300000:65536"]]) {
    const [place, base] = [emptyFolder(`nodes${ids.length}`), ids.length === 0 ? 0 : 300_000];
    const told = path.join(place, "told");
    const script = `
      cd ${place} && mkdir dev && mknod dev/null c 1 3 && mknod ${place}/sda b 8 0 && mkfifo pipe &&
      chown ${base + 5}:${base + 6} dev/null && chmod 4666 dev/null && touch -d @7 dev/null && mv dev/null moved && mknod gone c 0 0`;
    const options = ["--write", place, "--image-attributes", "--left-out", told, ...ids];
    assert.deepEqual(confine(options, script), { status: 0, stdout: "", stderr: "" });
    assert.deepEqual(readdirSync(place).sort(), ["dev", "gone", "pipe", "told"]);
    assert.ok(lstatSync(path.join(place, "gone")).isCharacterDevice(), "what overlayfs marks a deletion with");
    assert.equal(readFileSync(told, "utf8"), ["2", path.join(place, "moved"), path.join(place, "sda"), ""].join("\0"));
    // Where it tells that is no way out.
    rmSync(told);
    const victim = path.join(folder, "victim");
    writeFileSync(victim, "whole");
    const sly = confine(options, `cd ${place} && ln -s ${victim} told; mknod one c 1 3`);
    assert.deepEqual([sly.status, readFileSync(victim, "utf8")], [0, "whole"]);
    const many = confine(options, `cd ${place} && mknod a c 1 3 && mknod a c 1 3`);
    assert.match(many.stderr, /File exists/);
  }
});
