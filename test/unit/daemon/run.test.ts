/** Host programs: what they say is read with a bound. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { launchBy } from "../../../daemon/platform/processes/launcher";
import { run } from "../../../daemon/platform/processes/run";
import { eachLine, Tail } from "../../../daemon/platform/processes/tail";

test("a program that says more than it may is killed, and the error says so", async () => {
  await assert.rejects(run("yes", [], { maxOutput: 100_000 }), /Cannot run "yes ": it said more than 100000 bytes\./);
  const { stdout } = await run("head", ["-c", "100000", "/dev/zero"], { maxOutput: 100_000 });
  assert.equal(stdout.length, 100_000);
});

test("of a long complaint the end is kept", async () => {
  const script = "i=0; while [ $i -lt 20000 ]; do echo line $i >&2; i=$((i+1)); done; exit 3";
  await assert.rejects(run("sh", ["-c", script]), (error: Error) => {
    assert.match(error.message, /exit code 3: \.\.\..*line 19999$/s);
    assert.ok(error.message.length < 20_000);
    return true;
  });
});

test("a line without end is cut, and the lines after it are told", async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line));
  const tail = Tail.of(stream);
  for (let index = 0; index < 100; index += 1) stream.write("x".repeat(10_000));
  stream.end("\nnext\nlast");
  await new Promise((resolve) => stream.once("end", resolve));
  assert.deepEqual(
    lines.map((line) => line.length),
    [16 * 1024, 4, 4],
  );
  assert.match(tail.text, /^\.\.\.x+\nnext\nlast$/);
});

test("a launcher starts small programs of the host, and what they say counts as of any other", async (t) => {
  const asked: unknown[] = [];
  launchBy(async (command, input) => {
    asked.push([command, input]);
    const code = input === "wrong" ? 1 : 0;
    return { code, signal: undefined, stdout: Buffer.from("said"), stderr: code === 0 ? "" : "No such thing" };
  });
  t.after(() => launchBy(undefined));
  const small = { isSmall: true };
  assert.deepEqual(await run("true", ["-f"], { input: "right", ...small }), { code: 0, stdout: "said", stderr: "" });
  assert.equal((await run("true", [], { input: "wrong", accept: [0, 1], ...small })).code, 1);
  await assert.rejects(
    run("true", ["-f"], { input: "wrong", ...small }),
    /Cannot run "true -f": exit code 1: No such thing$/,
  );
  await assert.rejects(run("true", [], { maxOutput: 3, ...small }), /said more than 3 bytes/);
  assert.equal(asked.length, 4);
  // What a launcher cannot do, and what is not said to be small, is a child of ours.
  const signal = new AbortController().signal;
  for (const more of [{}, { ...small, cwd: "/" }, { ...small, signal }, { ...small, input: "a\0b" }])
    assert.equal((await run("true", [], more)).stdout, "");
  assert.equal((await run("head", ["-c", "3"], { ...small, input: "x".repeat(300_000) })).stdout, "xxx");
  await assert.rejects(run("no-such-program", [], small), /not installed/);
  assert.equal(asked.length, 4);
});
