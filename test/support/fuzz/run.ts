/** A daemon that is asked thousands of requests made of the API's own types, right and wrong ones. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { memoryOf } from "../../../bench/memory";
import { ApiError } from "../../../sdk/api/errors";
import type { Operation, PendingOperation } from "../../../sdk/index";
import { type TestDaemon, withDaemon } from "../daemon";
import { until } from "../until";
import { type FuzzRequest, fuzzRequests } from "./requests";

const parallel = 8;
/** After so many requests what they are about is made again. */
const remadeAfter = 500;
const mostFaults = 20;
const mostRssKiB = 600 * 1024;
const image = { type: "image", alias: "template:busybox" };

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(agent: Agent, socketPath: string, { method, path, headers, body }: FuzzRequest): Promise<Answer> {
  const asked = request({ socketPath, agent, method, path, headers, timeout: 120_000 });
  asked.on("timeout", () => asked.destroy(new Error("no answer in two minutes")));
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, text: await text(answer) };
}

/** What requests are about. Some are deletions, so it is made again now and then; what is there already stays. */
async function makeScene({ client }: TestDaemon): Promise<void> {
  const present = async (made: Promise<unknown>) =>
    made.catch((error: unknown) => {
      if (!ApiError.is(error) || error.status >= 500) throw error;
    });
  await present(client.createProject({ name: "lab" }));
  await present(
    client.createNetwork({ name: "net0", config: { "ipv4.address": "10.77.0.1/24", "ipv4.nat": "false" } }),
  );
  for (const name of ["default", "pool0"]) await present(client.createStoragePool({ name, driver: "dir", config: {} }));
  await present(client.createProfile({ name: "extra", config: {}, devices: {} }));
  const devices = { root: { type: "disk", path: "/", pool: "default" } };
  for (const pool of ["default", "pool0"]) await present(client.createStorageVolume(pool, { name: "vol0" }));
  await present(client.updateProfile("default", { description: "", config: {}, devices }));
  const done = async (operation: Promise<PendingOperation>) => present(operation.then((each) => each.wait()));
  for (const name of ["c1", "c2"]) await done(client.createInstance({ name, source: image }));
  await done(client.createSnapshot("c1", { name: "snap0" }));
  await done(client.createStorageVolumeSnapshot("default", "vol0", { name: "snap0" }));
  await done(client.setInstanceState("c1", { action: "start" }));
}

const isAtWork = ({ class: kind, status }: Operation): boolean =>
  kind === "task" && (status === "Pending" || status === "Running");

/** What a refusal says: every one names its reason, and none is a fault of the daemon's. */
function faultOf({ status, text: body }: Answer, { method }: FuzzRequest): string | undefined {
  if (status >= 500 && status !== 501) return "a fault of the daemon's";
  if (method === "HEAD" || status < 400) return undefined;
  const { error, error_code: code } = JSON.parse(body) as { error?: string; error_code?: number };
  if (code !== status || !error?.trim()) return "no reason";
  return /undefined|\[object|Cannot read|is not a function|at \w+\.\w+ \(/.test(error)
    ? "a reason for nobody"
    : undefined;
}

/**
 * Asks the daemon and looks at each answer, then at the daemon itself.
 * @param seed the same one makes the same requests @param tell takes what was asked and answered, in a line
 * @throws AssertionError with requests whose answers are faults
 */
export const fuzzDaemon = (count: number, seed: number, tell: (line: string) => void): Promise<void> =>
  withDaemon({}, async (daemon) => {
    await makeScene(daemon);
    const agent = new Agent({ keepAlive: true, maxSockets: parallel });
    const requests = fuzzRequests(count, seed);
    const faults: string[] = [];
    const statuses = new Map<number, number>();
    let next = 0;
    const one = async () => {
      for (let each = requests[next++]; each !== undefined && faults.length < mostFaults; each = requests[next++]) {
        if (next % remadeAfter === 0) await makeScene(daemon);
        const answer = await ask(agent, daemon.socket, each).catch((error: Error) => ({
          status: 0,
          text: error.message,
        }));
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const fault = answer.status === 0 ? "no answer" : faultOf(answer, each);
        if (fault !== undefined)
          faults.push(`${fault}: ${JSON.stringify(each)} -> ${answer.status} ${answer.text.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: parallel }, one));
    agent.destroy();
    const counts = [...statuses].sort().map(([status, times]) => `${status}: ${times}`);
    const told = `seed ${seed}, ${counts.join(", ")}`;
    tell(told);
    assert.deepEqual(faults, [], told);
    assert.ok((statuses.get(200) ?? 0) > count / 20 && (statuses.get(400) ?? 0) > count / 20, told);
    const isFault = (line: string) => /"level":"error"|TypeError|RangeError|ReferenceError/.test(line);
    assert.deepEqual(daemon.log().split("\n").filter(isFault).slice(0, 5), [], told);
    assert.ok(memoryOf([daemon.pid]).rssKiB < mostRssKiB, told);
    // What was begun may still start containers.
    await until(async () => !(await daemon.client.listOperations()).some(isAtWork));
    await makeScene(daemon);
    await (await daemon.client.createInstance({ name: "well", source: image, profiles: ["default"] })).wait();
    await (await daemon.client.setInstanceState("well", { action: "start" })).wait();
    const { stdout } = await daemon.client.execOutput("well", { command: ["echo", "well"] });
    assert.equal(stdout.toString(), "well\n", told);
  });
