/** Environments of test suites: they come, they are tried from inside, and whatever ends their process, nothing of them is left. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../sdk/host/package";
import { Environment } from "../../testing";
import { preparePool } from "../support/daemon";
import { onlyLong, spread } from "../support/long";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";
import { threeContainers } from "./scene";

let environment: Environment<Awaited<ReturnType<typeof threeContainers>>>;

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
  environment = await Environment.up(threeContainers, { endpoint: daemon.socket });
  return async () => {
    await environment[Symbol.asyncDispose]();
    await environment[Symbol.asyncDispose]();
    assert.deepEqual(await left(), []);
  };
});

const options = () => ({ endpoint: shared.daemon.socket, pool: "default" });

/** Projects and networks that are not the server's own. */
async function left(): Promise<string[]> {
  const [projects, networks] = await Promise.all([shared.client.listProjects(), shared.client.listNetworks()]);
  return [...projects, ...networks].map(({ name }) => name).filter((name) => name.startsWith("env-"));
}

test("containers find each other by short names, at addresses that were known before", async () => {
  const { db, app, tester } = environment.result;
  assert.equal(await tester.run(["wget", "-qO-", "http://app/cgi-bin/rows"]), "first\n");
  for (const one of [db, app, tester])
    assert.match(await one.run(["ip", "-4", "addr", "show", "dev", "eth0"]), new RegExp(`inet ${one.ipv4Address}/24`));
  assert.match(db.ipv4Address ?? "", /\.10$/);
  assert.equal(environment.container("db"), db);
  assert.throws(() => environment.container("nosuch"), /Cannot find container "nosuch".*app, db, tester/);
});

test("a command's output is told with its exit code, files are read and written, a port is published", async () => {
  const { app, tester } = environment.result;
  assert.deepEqual(await tester.exec(["sh", "-c", "cat; echo no >&2; exit 4"], { input: "yes" }), {
    code: 4,
    stdout: "yes",
    stderr: "no\n",
  });
  await assert.rejects(tester.run(["sh", "-c", "echo no >&2; exit 4"]), /"tester" ended with exit code 4: no/);
  await app.writeFile("/var/www/note", "written");
  assert.equal(await app.readFile("/var/www/note"), "written");
  const port = await app.publish(80);
  assert.equal(await shared.daemon.run("curl", "-sS", `http://127.0.0.1:${port}/note`), "written");
});

test("what was there at a snapshot is there again after a restore, in all containers and volumes, and what came since is gone", async () => {
  const { db, app, tester } = environment.result;
  const name = await environment.snapshot();
  await db.run(["sh", "-c", "echo second >>/srv/rows"]);
  await app.run(["sh", "-c", "echo changed >/etc/note"]);
  await environment.client.createStorageVolume("default", { name: "other" });
  await environment.restore(name);
  assert.equal(await tester.run(["wget", "-qO-", "http://app/cgi-bin/rows"]), "first\n");
  assert.deepEqual(
    (await environment.client.listStorageVolumes("default", "custom")).map((volume) => volume.name),
    ["data", "data/state-1"],
  );
  assert.equal((await app.exec(["cat", "/etc/note"])).code, 1);
  await assert.rejects(environment.restore("nosuch"), /Cannot find snapshot "nosuch".*state-1/);
});

test("all containers and volumes are of one moment in a snapshot", async () => {
  const { db, app, tester } = environment.result;
  // The application writes a number down after the database has it: no snapshot may have it the other way round.
  const counting = "i=0; while :; do i=$((i+1)); echo $i >/srv/count.new; mv /srv/count.new /srv/count; done";
  await db.run(["sh", "-c", `(${counting}) >/dev/null 2>&1 & echo ok`]);
  const following = "while :; do wget -qO /var/seen.new http://db/count && mv /var/seen.new /var/seen; done";
  await app.run(["sh", "-c", `(${following}) >/dev/null 2>&1 & echo ok`]);
  await until(async () => (await app.exec(["test", "-s", "/var/seen"])).code === 0);
  for (let round = 0; round < 2; round += 1) {
    const name = await environment.snapshot(`moment-${round}`);
    await environment.restore(name);
    const [count, seen] = [await db.run(["cat", "/srv/count"]), await app.run(["cat", "/var/seen"])];
    assert.ok(Number(seen) <= Number(count), `the application has seen ${seen}, the database has ${count}`);
    assert.ok(Number(seen) > 0);
  }
  assert.equal(await tester.run(["wget", "-qO-", "http://app/cgi-bin/rows"]), "first\n");
});

test("forks have all of it with the same addresses, know nothing of each other, and go by themselves", async () => {
  const name = await environment.snapshot();
  const [one, two] = await Promise.all([environment.fork(name), environment.fork(name)]);
  await one.result.db.run(["sh", "-c", "echo of one >>/srv/rows"]);
  await two.result.db.run(["sh", "-c", "echo of two >>/srv/rows"]);
  const rows = (of: typeof environment) => of.result.tester.run(["wget", "-qO-", "http://app/cgi-bin/rows"]);
  assert.deepEqual(await Promise.all([rows(one), rows(two), rows(environment)]), [
    "first\nof one\n",
    "first\nof two\n",
    "first\n",
  ]);
  for (const container of ["db", "app", "tester"]) {
    const { ipv4Address } = environment.container(container);
    assert.equal(one.container(container).ipv4Address, ipv4Address);
    const shown = await one.container(container).run(["ip", "-4", "addr", "show", "dev", "eth0"]);
    assert.match(shown, new RegExp(`inet ${ipv4Address}/24`));
  }
  // The host has the way to the first one alone; a published port leads into a fork.
  const port = await two.result.db.publish(80);
  const hostSees = (url: string) => shared.daemon.run("curl", "-sS", "--max-time", "5", url);
  assert.equal(await hostSees(`http://127.0.0.1:${port}/rows`), "first\nof two\n");
  assert.equal(await hostSees(`http://${environment.result.db.ipv4Address}/rows`), "first\n");
  await one[Symbol.asyncDispose]();
  assert.equal(await rows(two), "first\nof two\n");
  assert.ok(!(await left()).includes(one.project));
  // A fork that nobody has taken away goes with what it was made of, at the end of these tests.
});

test("a fork has no way to its host, and its DNS knows no names but its own", async () => {
  await using fork = await environment.fork();
  const { tester } = fork.result;
  const { ipv4Address = "" } = environment.result.tester;
  const gateway = ipv4Address.replace(/\d+$/, "1");
  await tester.run(["ping", "-c", "1", "-W", "2", gateway]);
  await shared.daemon.run("ip", "address", "add", "192.0.2.7/32", "dev", "lo");
  assert.equal((await tester.exec(["ping", "-c", "1", "-W", "1", "192.0.2.7"])).code, 1);
  await environment.result.tester.run(["ping", "-c", "1", "-W", "2", "192.0.2.7"]);
  assert.notEqual((await tester.exec(["nslookup", "example.com"])).code, 0);
});

test("the example of a suite passes, and leaves nothing", { skip: onlyLong() }, async () => {
  const before = await left();
  const file = path.join(packageRoot, "examples/ci-environment/shop.test.ts");
  const env = ["-u", "NODE_TEST_CONTEXT", `BOTHY_ENDPOINT=${shared.daemon.socket}`];
  const said = await shared.daemon.run("env", ...env, process.execPath, "--test", "--test-reporter=tap", file);
  assert.match(said, /# pass 3\n# fail 0/);
  assert.deepEqual(await left(), before);
});

test("a program that fails leaves nothing, and what cannot be is told", async () => {
  const before = await left();
  const failing = Environment.up(async (builder) => {
    await builder.container("web", { image: "template:busybox" });
    throw new Error("no schema");
  }, options());
  await assert.rejects(failing, /no schema/);
  await assert.rejects(
    Environment.up((builder) => builder.container("web", { image: "nosuch" }), options()),
    /nosuch/,
  );
  assert.deepEqual(await left(), before);
  await assert.rejects(
    Environment.up(() => undefined, { ...options(), ttl: "soon" }),
    /time to live "soon".*10m/,
  );
});

/** Starts a process with an environment. */
async function start(how: string, ttl: string) {
  const child = spawn(process.execPath, [path.join(__dirname, "process.js"), how, ttl], {
    env: { ...process.env, BOTHY_ENDPOINT: shared.daemon.socket },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, ended, project: line.toString().trim() };
}

const isGone = async (project: string) => !(await left()).includes(project);

test("an interrupt ends the process as ever, and nothing of its environment is left by then", async () => {
  const interrupted = await Promise.all(
    spread(["SIGINT", "SIGTERM"] as const, 1).map(async (signal) => ({ ...(await start("wait", "10m")), signal })),
  );
  for (const { child, ended, project, signal } of interrupted) {
    child.kill(signal);
    assert.deepEqual(await ended, [null, signal]);
    assert.ok(await isGone(project));
  }
});

test("an environment goes when its process exits or dies of an error", async () => {
  const ways = spread([["throw", 1] as const, ["exit", 3] as const], 1);
  const started = await Promise.all(ways.map(async ([how, code]) => ({ ...(await start(how, "10m")), code })));
  for (const { ended, code } of started) assert.deepEqual(await ended, [code, null]);
  for (const { project } of started) await until(() => isGone(project));
});

test("an environment outlives its time to live while its process lives, and goes by it when that was killed", async () => {
  const { child, ended, project } = await start("wait", "5s");
  await new Promise((resolve) => setTimeout(resolve, 6000));
  assert.ok(!(await isGone(project)), "the process has moved the time on");
  child.kill("SIGKILL");
  await ended;
  await until(() => isGone(project));
});
