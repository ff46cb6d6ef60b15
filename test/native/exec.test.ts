/** Running processes in a container. */
import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hasEnded } from "../support/process";
import { Spawner, type Words } from "./client";
import { base, Container, collect, idmap, makeRoot, openStreams } from "./container";

let spawner: Spawner;
let container: Container;
before(async () => {
  spawner = await Spawner.start();
  const root = makeRoot(path.join(spawner.dir, "root"));
  container = await Container.start(spawner, "host", { root: ["root-dir", root], command: ["sleep", "1000000"] });
});
after(async () => {
  await container.kill();
  await spawner.stop();
});

/** Has a shell run a script on a terminal, once it is told to go. @param size columns and rows */
async function onTerminal(script: string, size: readonly [number, number] = [80, 25], env: Words = []) {
  const shell = [
    ["arg", "sh"],
    ["arg", "-c"],
    ["arg", script],
  ] as const;
  const tty = ["tty", ...size];
  const connection = await spawner.request("exec", container.target, idmap, tty, ["env", "PATH=/bin"], env, shell);
  const { ready } = await connection.line();
  assert.ok(ready);
  return { connection, ...openStreams(ready) };
}

for (const code of [0, 3, 255]) {
  test(`exit code ${code} of a command is told`, async () => {
    const result = await container.exec(["sh", "-c", `exit ${code}`]);
    assert.deepEqual(result.exited, { code });
  });
}

test("a command that is not there ends with 127, one that is not executable with 126", async () => {
  assert.deepEqual((await container.exec(["nothing-of-this-name"])).exited, { code: 127 });
  assert.deepEqual((await container.exec(["/nowhere/program"])).exited, { code: 127 });
  assert.deepEqual((await container.exec(["/etc/passwd"])).exited, { code: 126 });
  assert.deepEqual((await container.exec(["/etc"])).exited, { code: 126 });
});

test("a command that a signal ends is told by the signal", async () => {
  assert.deepEqual((await container.exec(["sh", "-c", "kill -15 $$"])).exited, { signal: 15 });
});

test("what is sent together with the word to go counts: a signal, and a size of the terminal", {
  timeout: 30_000,
}, async () => {
  const loop = 'until [ "$(stty size)" = "40 100" ]; do sleep 0.05; done; echo seen; sleep 1000';
  const { connection, stdin, stdout } = await onTerminal(loop, [81, 24]);
  connection.write("go\nresize 100 40\n");
  assert.ok((await connection.line()).running);
  assert.equal(String((await once(stdout!, "data"))[0]).trim(), "seen");
  connection.close();
  stdin.destroy();
  stdout!.destroy();

  const other = await spawner.request(
    "exec",
    container.target,
    idmap,
    ["stdin", "pipe"],
    ["stdout", "pipe"],
    ["arg", "/bin/sleep"],
    ["arg", "1000"],
  );
  const streams = openStreams((await other.line()).ready!);
  other.write("go\nsignal 15\n");
  assert.ok((await other.line()).running);
  assert.deepEqual((await other.line()).exited, { signal: 15 });
  streams.stdin.destroy();
  streams.stdout!.destroy();
  other.close();
});

test("standard input reaches the command up to its end of file, and both outputs come back apart", async () => {
  const input = "x".repeat(300_000);
  const result = await container.exec(["sh", "-c", "wc -c; echo problem >&2"], { stdin: input });
  assert.equal(result.stdout.trim(), "300000");
  assert.equal(result.stderr, "problem\n");
});

test("the command may reopen its streams by path", async () => {
  const result = await container.exec(
    ["sh", "-c", "echo again > /dev/stdout; echo bad > /proc/self/fd/2; cat /dev/stdin"],
    {
      stdin: "in",
      words: [
        ["user", 1000],
        ["group", 1000],
      ],
    },
  );
  assert.equal(result.stderr, "bad\n");
  assert.equal(result.stdout, "again\nin");
});

test("user, group, environment, umask and working folder are as asked", async () => {
  const result = await container.exec(["sh", "-c", "id; umask; pwd; echo $COLOR; grep Groups /proc/self/status"], {
    words: [
      ["user", 1000],
      ["group", 1000],
      ["umask", "027"],
      ["cwd", "/tmp"],
      ["env", "COLOR=blue"],
    ],
  });
  assert.match(result.stdout, /^uid=1000\(user\) gid=1000\(user\)\n0027\n\/tmp\nblue\nGroups:\s*\n$/);
});

test("a home is the working folder where it is there, and / where not", async () => {
  for (const [home, folder] of [
    ["/tmp", "/tmp"],
    ["/missing", "/"],
  ] as const)
    assert.equal((await container.exec(["pwd"], { words: [["home", home]] })).stdout, `${folder}\n`);
});

test("a working folder is entered whatever the user may do there, as LXC does", async () => {
  await container.exec(["mkdir", "-m", "700", "/tmp/private"]);
  const words = [
    ["user", 1000],
    ["group", 1000],
  ] as const;
  const inside = await container.exec(["pwd"], { words: [...words, ["cwd", "/tmp/private"]] });
  assert.equal(inside.stdout, "/tmp/private\n");
  assert.equal(
    (await container.exec(["pwd"], { words: [...words, ["home", "/tmp/private"]] })).stdout,
    "/tmp/private\n",
  );
  assert.match((await container.exec(["ls"], { words: [...words, ["cwd", "/tmp/private"]] })).stderr, /denied/);
});

test("a working folder that is missing is an error that names it", async () => {
  const { line } = await container.exec(["true"], { words: [["cwd", "/missing"]] });
  assert.equal(line.error?.op, "cwd");
  assert.equal(line.error?.errno, "ENOENT");
  assert.equal(line.error?.path, "/missing");
});

test("no descriptor of the helper reaches the command, nor its working folder", async () => {
  const result = await container.exec(["sh", "-c", "ls /proc/self/fd | tr '\\n' ' '"]);
  assert.equal(result.stdout.trim(), "0 1 2 3"); // 3 is the folder that ls reads
  for (let fd = 3; fd < 12; fd++) {
    const { line } = await container.exec(["pwd"], { words: [["cwd", `/proc/self/fd/${fd}`]] });
    assert.equal(line.error?.op, "cwd", `descriptor ${fd} led somewhere`);
  }
});

test("the command is in all namespaces of the container and has its capabilities only", async () => {
  const script = "for n in mnt pid uts ipc net user cgroup; do readlink /proc/self/ns/$n; done";
  const first = fs.readlinkSync(`/proc/${container.started.pid}/ns/user`);
  const names = (await container.sh(script)).split("\n");
  assert.equal(names.length, 7);
  assert.ok(names.includes(first));
  for (const name of names) {
    const kind = name.split(":")[0]!;
    assert.equal(fs.readlinkSync(`/proc/${container.started.pid}/ns/${kind}`), name);
  }
  const bounded = await container.exec(["grep", "Cap", "/proc/self/status"], { words: [["cap-keep", "3"]] });
  assert.deepEqual(
    bounded.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t")[1]),
    ["0000000000000000", "0000000000000003", "0000000000000003", "0000000000000003", "0000000000000000"],
  );
});

test("a terminal has the size asked for, follows a resize, and is the controlling one", async () => {
  const { connection, ...streams } = await onTerminal(
    "stty size; tty; trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 1; done < /dev/tty",
    [81, 24],
  );
  let seen = "";
  const resized = new Promise<void>((resolve) => {
    streams.stdout!.on("data", (part) => {
      seen += part.toString();
      if (seen.includes("ready")) resolve();
    });
  });
  const closed = new Promise<void>((resolve) => streams.stdout!.once("close", resolve));
  connection.write("go\n");
  assert.ok((await connection.line()).running);
  await resized;
  connection.write("resize 100 40\n");
  assert.deepEqual((await connection.line()).exited, { code: 5 });
  await closed;
  streams.stdin.destroy();
  assert.match(seen.replaceAll("\r", ""), /^24 81\n\/dev\/pts\/\d+\nready\n40 100\n$/);
});

test("all of a terminal's output arrives before the exit is told", async () => {
  const connection = await spawner.request(
    "exec",
    container.target,
    idmap,
    ["tty", 80, 25],
    ["env", "PATH=/bin"],
    ["arg", "seq"],
    ["arg", "20000"],
  );
  const { ready } = await connection.line();
  const streams = openStreams(ready!);
  connection.write("go\n");
  const output = collect(streams.stdout!);
  assert.ok((await connection.line()).running);
  assert.deepEqual((await connection.line()).exited, { code: 0 });
  assert.equal((await output).replaceAll("\r", "").trim().split("\n").length, 20000);
  streams.stdin.destroy();
});

for (const [what, input, script, expected] of [
  ["a line", "one\n", "cat", "one\none\n"],
  ["a line that is not ended", "one", "cat", "oneone"],
  ["nothing", "", "cat; echo over", "over\n"],
  ["lines for a shell", "echo hi\nexit 3\n", "stty -echo; sh; echo $?", "hi\n3\n"],
  [
    "what is for the first reader, and no more for the next",
    "one\n",
    "stty -echo; cat; cat; cat; echo over",
    "one\nover\n",
  ],
  ["a line for one that empties its input first", "one\n", "sleep 0.2; stty -echo; cat; echo over", "one\none\nover\n"],
  ["nothing, to one that does not read", "", "sleep 0.3; echo over", "over\n"],
] as const) {
  test(`the end of the input reaches a terminal as it does a pipe: ${what}`, async () => {
    const { connection, stdin, stdout } = await onTerminal(script, [80, 25], [["env", "PS1="]]);
    connection.write("go\n");
    const output = collect(stdout!);
    stdin.end(input);
    assert.ok((await connection.line()).running);
    assert.deepEqual((await connection.line()).exited, { code: 0 });
    const said = (await output).replaceAll("\r", "");
    // What was typed before the echo was switched off may be echoed.
    assert.ok(said.endsWith(expected), JSON.stringify(said));
    connection.close();
  });
}

/** Whether a process has not ended; one that has may be reaped or not. */
const isRunning = (pid: number) => !hasEnded(pid);

async function staysRunning(pid: number): Promise<boolean> {
  await delay(30);
  return isRunning(pid);
}

test("the exit is told once the output is through, whatever is on its way when input and command end", async () => {
  // About what the pipe to the caller takes: the steps in which the rest is moved end at another point for each amount.
  for (let bytes = 61_000; bytes <= 65_500; bytes += 500) {
    const { connection, stdin, stdout } = await onTerminal(`head -c ${bytes} /dev/zero | tr '\\0' x`);
    connection.write("go\n");
    const { running } = await connection.line();
    let length = 0;
    // it may hold less than that, and the command waits
    for (const part = Buffer.alloc(4096); isRunning(running!.pid); )
      if (await staysRunning(running!.pid)) length += fs.readSync((stdout as unknown as { fd: number }).fd, part);
    stdin.on("error", () => undefined).end();
    await once(stdin, "close");
    // the enterer looks whether somebody reads what it types for the end, which opens the terminal once more
    await delay(50);
    assert.equal(length + (await collect(stdout!)).length, bytes);
    assert.deepEqual((await connection.line()).exited, { code: 0 });
    connection.close();
  }
});

test("a signal sent on the connection reaches the command", async () => {
  const connection = await spawner.request(
    "exec",
    container.target,
    idmap,
    ["env", "PATH=/bin"],
    ["arg", "sleep"],
    ["arg", "1000"],
  );
  assert.ok((await connection.line()).running);
  connection.write("signal 10\n");
  assert.deepEqual((await connection.line()).exited, { signal: 10 });
});

test("closing the connection kills the command", async () => {
  const connection = await spawner.request(
    "exec",
    container.target,
    idmap,
    ["env", "PATH=/bin"],
    ["arg", "sleep"],
    ["arg", "1000"],
  );
  const { running } = await connection.line();
  connection.close();
  while (fs.existsSync(`/proc/${running!.pid}`)) await new Promise((resolve) => setImmediate(resolve));
});

test("output can go to files of the host", async () => {
  const out = path.join(spawner.dir, "out.log");
  const line = await spawner.request(
    "exec",
    container.target,
    idmap,
    ["stdout", `file:1000000:${out}`],
    ["env", "PATH=/bin"],
    ["arg", "echo"],
    ["arg", "kept"],
  );
  await line.line();
  assert.deepEqual((await line.line()).exited, { code: 0 });
  assert.equal(fs.readFileSync(out, "utf8"), "kept\n");
});

/** Runs a script whose output is kept in files. @returns its exit code and what the files hold */
async function recorded(script: string, maxBytes: number) {
  const files = ["out.log", "err.log"].map((name) => path.join(spawner.dir, name));
  const connection = await spawner.request(
    "exec",
    container.target,
    idmap,
    ["stdout", `file:${maxBytes}:${files[0]}`],
    ["stderr", `file:${maxBytes}:${files[1]}`],
    ["env", "PATH=/bin"],
    ["arg", "sh"],
    ["arg", "-c"],
    ["arg", script],
  );
  await connection.line();
  const { exited } = await connection.line();
  const read = () => files.map((file) => fs.readFileSync(file, "utf8"));
  return { code: exited?.code, texts: read(), read };
}

test("a file keeps output up to its bound and says that there was more, and the command goes on to its end", async () => {
  const { code, texts } = await recorded("dd if=/dev/zero bs=1M count=8 2>/dev/null; echo done >&2; exit 3", 100_000);
  assert.equal(code, 3);
  assert.equal(texts[0], `${"\0".repeat(100_000)}\n[bothy: there was more output; it is not kept]\n`);
  assert.equal(texts[1], "done\n");
  const exact = await recorded("printf 12345", 5);
  assert.deepEqual(exact.texts, ["12345", ""]);
});

test("a command has no descriptor of the file that keeps its output", async () => {
  const { texts } = await recorded("readlink /proc/self/fd/1; truncate -s 1G /proc/self/fd/1; echo end", 1000);
  assert.match(texts[0] ?? "", /^pipe:\[\d+\]\nend\n$/);
});

test("a process in the background goes on when its command has ended, and so does what is kept of it", async () => {
  await container.sh("mkfifo /tmp/go");
  const { code, texts, read } = await recorded("(read line < /tmp/go; echo later) & echo now", 1000);
  assert.equal(code, 0);
  assert.equal(texts[0], "now\n");
  await container.sh("echo > /tmp/go");
  while (read()[0] !== "now\nlater\n") await new Promise((resolve) => setImmediate(resolve));
});

test("a pid that has been given to another process is no such container", async () => {
  const answer = await spawner.ask("exec", ["target", container.started.pid, container.started.startTime + 1], idmap, [
    "arg",
    "true",
  ]);
  assert.equal(answer.error?.errno, "ESRCH");
  assert.match(answer.error!.message, /no such container/);
});

test("an unprivileged container is not entered without its id map", async () => {
  const answer = await spawner.ask("exec", container.target, ["arg", "true"]);
  assert.equal(answer.error?.errno, "EINVAL");
  assert.match(answer.error!.message, /id map/);
});

test("files made in the container are stored by their inner ids", async () => {
  await container.sh("echo one > /root/mine; chown 1000:1000 /root/mine");
  const about = fs.statSync(path.join(spawner.dir, "root/root/mine"));
  assert.deepEqual([about.uid, about.gid], [1000, 1000]);
  assert.ok(base > 0);
});

test("two hundred commands leave no process, descriptor or terminal behind", async () => {
  const children = () =>
    fs.readFileSync(`/proc/${spawner.child.pid}/task/${spawner.child.pid}/children`, "utf8").trim().split(" ").length;
  const fds = () => fs.readdirSync(`/proc/${spawner.child.pid}/fd`).length;
  while (children() > 1) await new Promise((resolve) => setImmediate(resolve));
  const before = fds();
  // by the shell alone, so that no process of the counting is counted
  const count = "set -- /proc/[0-9]* /dev/pts/*; echo $#";
  const inside = await container.sh(count);
  for (let round = 0; round < 200; round++) assert.deepEqual((await container.exec(["true"])).exited, { code: 0 });
  while (children() > 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fds(), before);
  assert.equal(await container.sh(count), inside);
});
