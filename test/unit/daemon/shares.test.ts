/** What clients may take of the daemon at once: shares of what is held, and turns of what is waited for. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Events } from "../../../daemon/platform/events";
import { Log } from "../../../daemon/platform/log";
import { Operations } from "../../../daemon/platform/operations";
import { Shares } from "../../../daemon/platform/processes/shares";
import { Slots } from "../../../daemon/platform/processes/slots";
import { type Client, traced } from "../../../daemon/platform/trace";

const [lab, hall]: [Client, Client] = [
  { key: "lab", isRestricted: true },
  { key: "hall", isRestricted: true },
];
const admin: Client = { key: "admin", isRestricted: false };

test("a restricted client has its share, all of them together theirs, and an administrator is never without", () => {
  const shares = new Shares({ inAll: 9, ofOne: 2, ofOneRestricted: 4, ofRestricted: 6 });
  const take = (client: Client | undefined) => shares.take("Cannot begin", "sessions", client);
  const ofLab = Array.from({ length: 4 }, () => take(lab));
  assert.throws(() => take(lab), {
    code: "UNAVAILABLE",
    message: /this client has too many sessions \(4\)\. End some/,
  });
  take(hall);
  take(hall);
  assert.throws(() => take(hall), /restricted clients together have too many sessions \(6\)/);
  take(admin);
  take(admin);
  assert.throws(() => take(admin), /this client has too many sessions \(2\)/);
  take(undefined);
  assert.throws(() => take(undefined), /there are too many sessions \(9\)/);
  ofLab[0]?.();
  ofLab[0]?.();
  take(hall);
  assert.throws(() => take(hall), /too many/, "what was given back twice counts once");
});

/** Work that ends when it is told so, and the order in which it began. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (slots: Slots, name: string, client: Client | undefined) =>
    traced(
      {},
      () =>
        slots.run(() => {
          begun.push(name);
          return new Promise<void>((resolve) => ends.set(name, resolve));
        }),
      client,
    );
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, run, end };
}

test("restricted clients wait in turns, and leave a slot to the others, who go first", async () => {
  const slots = new Slots(2);
  const { begun, run, end } = works();
  const all = ["lab1", "lab2", "lab3"].map((name) => run(slots, name, lab));
  all.push(run(slots, "hall1", hall), run(slots, "admin1", admin), run(slots, "own", undefined));
  await end("");
  assert.deepEqual(begun, ["lab1", "admin1"]);
  await end("lab1");
  assert.deepEqual(begun, ["lab1", "admin1", "own"], "whoever is not restricted goes first");
  await end("admin1");
  assert.equal(begun.at(-1), "lab2");
  await end("own");
  assert.equal(begun.length, 4, "one slot stays free");
  await end("lab2");
  assert.equal(begun.at(-1), "lab3");
  await end("lab3");
  assert.equal(begun.at(-1), "hall1");
  await end("hall1");
  await Promise.all(all);
  const three = new Slots(3);
  const again = works();
  const more = [run, run, run].map((_, at) => again.run(three, `lab${at}`, lab));
  more.push(again.run(three, "hall", hall));
  await again.end("lab0");
  assert.deepEqual(again.begun, ["lab0", "lab1", "hall"], "whoever has the least is next");
  for (const name of ["lab1", "hall", "lab2"]) await again.end(name);
  await Promise.all(more);
});

test("one that waits can give up, and the others go on", async () => {
  const slots = new Slots(1);
  const { begun, run, end } = works();
  const first = run(slots, "first", lab);
  const cancel = new AbortController();
  let waits = 0;
  const second = slots.run(async () => undefined, { signal: cancel.signal, onWait: () => waits++ });
  const third = run(slots, "third", hall);
  cancel.abort(new Error("cancelled"));
  await assert.rejects(second, /cancelled/);
  assert.equal(waits, 1);
  await end("first");
  assert.deepEqual(begun, ["first", "third"]);
  await end("third");
  await Promise.all([first, third]);
});

test("operations under way and listeners of events are bounded for each client, and come free with their ends", async () => {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-shares-"));
  try {
    const log = new Log(path.join(state, "log"));
    const bounds = { inAll: 3, ofOne: 2, ofOneRestricted: 1, ofRestricted: 2 };
    const events = new Events(log, bounds);
    const operations = new Operations(events, log, bounds);
    const ends: (() => void)[] = [];
    const run = () => new Promise<void>((resolve) => ends.push(resolve));
    const start = (client: Client) => traced({}, () => operations.start({ description: "Doing", run }), client);
    const first = start(lab);
    assert.throws(() => start(lab), /Cannot begin "Doing": this client has too many operations under way \(1\)/);
    start(admin);
    await new Promise((resolve) => setImmediate(resolve));
    ends[0]?.();
    await first.finished;
    start(lab);
    const expect = (client: Client) => traced({}, () => events.expect(), client);
    const giveBack = expect(lab);
    assert.throws(() => expect(lab), /Cannot tell of events: this client has too many listeners/);
    giveBack();
    expect(lab);
  } finally {
    rmSync(state, { recursive: true });
  }
});
