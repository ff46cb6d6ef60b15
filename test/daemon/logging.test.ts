/** Logging: what is written, in which form, and what listeners hear of it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { parseOptions } from "../../daemon/options";
import { Log } from "../../daemon/platform/log";
import { traced } from "../../daemon/platform/trace";
import { skip as lxcSkip } from "../support/lxc";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon(
  { args: ["--log-format", "json"], env: { BOTHY_LOG_LEVEL: "debug" } },
  async () => undefined,
);

interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly context: Readonly<Record<string, string>>;
}

const lines = (): Line[] =>
  shared.daemon
    .log()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

test("each line is an object with its level, its module, and the request and operation that it is of", {
  skip,
}, async () => {
  const made = await shared.outcome("POST", "/1.0/instances", { name: "web", source: { type: "none" } });
  assert.notEqual(made.status, 200, "there is no pool to make it in");
  await shared.send("PUT", "/1.0/projects/nosuch", {});
  const all = lines();
  for (const { time, level } of all) {
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.match(level, /^(debug|info|warning|error)$/);
  }
  const handled = all.find(({ context }) => context.url === "/1.0/projects/nosuch");
  const { request, ...told } = handled?.context ?? {};
  assert.match(request ?? "", /^[0-9a-f]{8}$/);
  assert.deepEqual(told, {
    method: "PUT",
    url: "/1.0/projects/nosuch",
    ip: "@",
    protocol: "unix",
    username: "root",
    module: "http",
  });
});

test("what an operation does is told with its id and its request, and secrets of a URL are not", { skip }, async () => {
  const answer = await shared.send("POST", "/1.0/projects/default", { name: "other" });
  assert.equal(answer.status, 403, "the default project is not renamed");
  await shared.client.createProject({ name: "old" });
  const { json } = await shared.send("POST", "/1.0/projects/old", { name: "new" });
  const { id } = json.metadata as { id: string };
  await shared.send("GET", `/1.0/operations/${id}/wait?secret=hidden&timeout=10`);
  await shared.client.deleteProject("new");
  const all = lines();
  const ofIt = all.filter(({ context }) => context.operation === id);
  assert.deepEqual(
    ofIt.map(({ message, context }) => [message, context.description, context.class]),
    [
      ["Started operation", "Renaming project", "task"],
      ["Success for operation", "Renaming project", "task"],
    ],
  );
  const begun = all.find(({ context }) => context.method === "POST" && context.url === "/1.0/projects/old");
  assert.equal(ofIt[0]?.context.request, begun?.context.request);
  assert.ok(all.some(({ context }) => context.url === `/1.0/operations/${id}/wait?secret=...&timeout=10`));
  assert.ok(!shared.daemon.log().includes("hidden"));
});

test("lxc monitor hears lines of the log from a level on", { skip: lxcSkip }, async () => {
  const child = spawn("/usr/bin/lxc", ["monitor", "--type=logging", "--loglevel=debug", "--pretty"], {
    env: { PATH: "/usr/bin:/bin", HOME: path.dirname(shared.daemon.dir), LXD_DIR: shared.daemon.dir },
    stdio: ["ignore", "pipe", "inherit"],
  });
  // It listens once it hears of a request that comes again and again.
  const asking = setInterval(() => void shared.send("GET", "/1.0/projects/default").catch(() => undefined), 50);
  try {
    let heard = false;
    for await (const line of createInterface(child.stdout)) {
      heard = /level=debug msg="Handling API request".*url=\/1\.0\/projects\/default/.test(line);
      if (heard) break;
    }
    assert.ok(heard);
  } finally {
    clearInterval(asking);
    child.kill();
  }
});

test("a level or a form that is none is refused, and an option goes before the environment", () => {
  const of = (args: string[], env: NodeJS.ProcessEnv) => {
    const options = parseOptions(["--dir", "/tmp/none", ...args], env);
    return options === "help" ? undefined : [options.log.level, options.log.format];
  };
  assert.deepEqual(of([], {}), ["info", "text"]);
  assert.deepEqual(of(["-d"], { BOTHY_LOG_LEVEL: "error" }), ["debug", "text"]);
  assert.deepEqual(of(["--log-level", "warning"], { BOTHY_LOG_LEVEL: "loud" }), ["warning", "text"]);
  assert.deepEqual(of([], { BOTHY_DEBUG: "1", BOTHY_LOG_FORMAT: "json" }), ["debug", "json"]);
  assert.throws(() => of(["--log-level", "loud"], {}), /Unknown log level "loud": it must be one of debug, info/);
  assert.throws(() => of([], { BOTHY_LOG_FORMAT: "xml" }), /Unknown log format "xml": it must be one of text, json/);
});

test("lines below the level are not written, and what was begun for a request names it", async () => {
  using scene = logFile();
  const log = new Log({ path: scene.file, level: "warning", format: "json" });
  log.info("not written");
  traced({ request: "one" }, () => setImmediate(() => log.of("network").warning("written", { bytes: 7 })));
  await new Promise<void>((resolve) => setImmediate(resolve));
  const { time: _time, ...told } = JSON.parse(readFileSync(scene.file, "utf8")) as Line;
  const context = { bytes: "7", module: "network", request: "one" };
  assert.deepEqual(told, { level: "warning", message: "written", context });
  log.close();
});

test("a line is in the file before the call returns, so that a crash right after it loses none", async () => {
  using scene = logFile();
  const log = new Log(scene.file);
  for (let i = 0; i < 100; i++) {
    log.info("step", { i });
    assert.match(readFileSync(scene.file, "utf8"), new RegExp(`step i="${i}"\\n$`));
  }
  log.close();
});

test("a log that cannot be written loses lines and nothing else, and goes on once it can", async () => {
  using scene = logFile();
  const folder = path.dirname(scene.file);
  rmSync(folder, { recursive: true });
  const log = new Log(scene.file);
  log.info("lost");
  mkdirSync(folder);
  await until(() => {
    log.info("kept");
    return Promise.resolve(existsSync(scene.file));
  });
  assert.doesNotMatch(readFileSync(scene.file, "utf8"), /lost/);
  log.close();
});

function logFile() {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-log-"));
  return {
    file: path.join(folder, "log"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
