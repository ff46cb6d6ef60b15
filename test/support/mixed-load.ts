/** Mixed load: a client that makes, changes and deletes at random, and keeps a ledger of what the daemon has acknowledged. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { ApiError, Client, type PendingOperation } from "../../sdk/index";

const image = { type: "image", alias: "template:busybox" };
const noteKey = "user.note";
const file = "/root/written";

/** What must be so when the daemon is there again. A set of one holds what was acknowledged; a request that was cut off adds a second. */
interface Expected {
  readonly exists: Set<boolean>;
  readonly note: Set<string>;
  /** Undefined: there is no such file. */
  readonly written: Set<string | undefined>;
  readonly snapshots: Map<string, Set<boolean>>;
}

type Step = (signal: AbortSignal) => Promise<void>;

const nothing = (): Expected => ({
  exists: new Set([false]),
  note: new Set(),
  written: new Set([undefined]),
  snapshots: new Map(),
});

const pick = <T>(choices: readonly T[]): T => choices[Math.floor(Math.random() * choices.length)]!;

export class LoadClient {
  readonly #client: Client;
  readonly #expected = new Map<string, Expected>();
  #count = 0;
  /** Changes that the daemon acknowledged. */
  done = 0;

  /** @param names of the instances that are this client's alone */
  constructor(
    socket: string,
    private readonly names: readonly string[],
  ) {
    this.#client = new Client({ endpoint: socket });
    for (const name of names) this.#expected.set(name, nothing());
  }

  /** Works until a request is cut off, or the signal is given. @throws Error for a refusal that nobody can have caused */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const step = this.#step(pick(this.names));
      try {
        await step(signal);
        this.done += 1;
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    }
  }

  #step(name: string): Step {
    const expected = this.#expected.get(name)!;
    if (!expected.exists.has(true)) return (signal) => this.#create(name, expected, signal);
    const snapshots = [...expected.snapshots].filter(([, states]) => states.has(true)).map(([snapshot]) => snapshot);
    return pick<Step>([
      (signal) => this.#patch(name, expected, signal),
      (signal) => this.#write(name, expected, signal),
      (signal) => this.#state(name, "start", signal),
      (signal) => this.#state(name, "stop", signal),
      () => this.#exec(name),
      (signal) => this.#snapshot(name, expected, signal),
      (signal) => (snapshots.length === 0 ? this.#exec(name) : this.#forget(name, pick(snapshots), expected, signal)),
      (signal) => this.#delete(name, expected, signal),
    ]);
  }

  async #create(name: string, expected: Expected, signal: AbortSignal): Promise<void> {
    const note = `${this.#count++}`;
    expected.note.clear();
    expected.note.add(note);
    expected.written.clear();
    expected.written.add(undefined);
    expected.snapshots.clear();
    await this.#change(expected.exists, true, () =>
      this.#wait(this.#client.createInstance({ name, source: image, config: { [noteKey]: note } }), signal),
    );
  }

  async #patch(name: string, { note }: Expected, signal: AbortSignal): Promise<void> {
    const value = `${this.#count++}`;
    await this.#change(note, value, () =>
      this.#client.patchInstance(name, { config: { [noteKey]: value } }, { signal }),
    );
  }

  async #write(name: string, { written }: Expected, signal: AbortSignal): Promise<void> {
    const value = `${this.#count++}`;
    // It is emptied before it is written anew.
    written.add("");
    await this.#change(written, value, () => this.#client.putFile(name, file, Buffer.from(value), { signal }));
  }

  async #state(name: string, action: "start" | "stop", signal: AbortSignal): Promise<void> {
    await this.#wait(
      this.#client.setInstanceState(name, { action, force: action === "stop", timeout: 0 }),
      signal,
    ).catch((error: unknown) => {
      if (!ApiError.is(error) || !/already (running|stopped)/.test(error.message)) throw error;
    });
  }

  async #exec(name: string): Promise<void> {
    try {
      const { stdout } = await this.#client.execOutput(name, { command: ["hostname"] });
      assert.equal(stdout.toString().trim(), name);
    } catch (error) {
      if (!ApiError.is(error) || !/is not running/.test(error.message)) throw error;
    }
  }

  async #snapshot(name: string, { snapshots }: Expected, signal: AbortSignal): Promise<void> {
    const snapshot = `s${this.#count++}`;
    const states = new Set([false]);
    snapshots.set(snapshot, states);
    await this.#change(states, true, () => this.#wait(this.#client.createSnapshot(name, { name: snapshot }), signal));
  }

  async #forget(name: string, snapshot: string, { snapshots }: Expected, signal: AbortSignal): Promise<void> {
    const states = snapshots.get(snapshot)!;
    await this.#change(states, false, () => this.#wait(this.#client.deleteSnapshot(name, snapshot), signal));
  }

  async #delete(name: string, expected: Expected, signal: AbortSignal): Promise<void> {
    await this.#state(name, "stop", signal);
    await this.#change(expected.exists, false, () => this.#wait(this.#client.deleteInstance(name), signal));
  }

  /** While it goes on both may be so; when it is acknowledged only the new one. */
  async #change<T>(states: Set<T>, to: T, work: () => Promise<unknown>): Promise<void> {
    states.add(to);
    await work();
    states.clear();
    states.add(to);
  }

  async #wait(operation: Promise<PendingOperation>, signal: AbortSignal): Promise<void> {
    await (await operation).wait({ signal });
  }

  /** Looks whether what was acknowledged is so, and takes what is there as the new truth. @param moment for messages */
  async check(moment: string): Promise<void> {
    for (const name of this.names) {
      const expected = this.#expected.get(name)!;
      const found = await this.#client.getInstance(name).catch((error: unknown) => {
        if (ApiError.is(error) && error.code === "NOT_FOUND") return undefined;
        throw error;
      });
      const what = `${name} ${moment}`;
      assert.ok(expected.exists.has(found !== undefined), `${what}: it is ${found === undefined ? "gone" : "there"}`);
      if (found === undefined) {
        this.#expected.set(name, nothing());
        continue;
      }
      const note = found.value.config[noteKey] ?? "";
      assert.ok(expected.note.has(note), `${what}: its note is ${note}, not ${[...expected.note].join(" or ")}`);
      const written = await this.#read(name);
      assert.ok(
        expected.written.has(written),
        `${what}: its file has ${written}, not ${[...expected.written].join(" or ")}`,
      );
      const names = (await this.#client.listSnapshots(name)).map((snapshot) => snapshot.name);
      for (const [snapshot, states] of expected.snapshots)
        assert.ok(states.has(names.includes(snapshot)), `${what}: snapshot ${snapshot} of ${names.join()}`);
      assert.ok(
        names.every((snapshot) => expected.snapshots.has(snapshot)),
        `${what}: snapshots ${names.join()}`,
      );
      this.#expected.set(name, {
        exists: new Set([true]),
        note: new Set([note]),
        written: new Set([written]),
        snapshots: new Map(names.map((snapshot) => [snapshot, new Set([true])])),
      });
    }
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      const found = await this.#client.getFile(name, file);
      assert.ok(found.type === "file");
      return await text(found.body);
    } catch (error) {
      if (ApiError.is(error) && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
