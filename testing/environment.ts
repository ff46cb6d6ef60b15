/** Environment: containers, volumes and a network of a test suite's own, gone with it whatever its end. */
import { ApiError, type Client } from "../sdk";
import { allOf } from "./all-of";
import type { EnvironmentOptions } from "./args";
import { Builder, type Ground, type Made } from "./builder";
import { Container } from "./container";
import { forkGround } from "./fork";
import { clearGround, layGround, openServer, poolOf } from "./ground";
import { keepAlive, type Living, letGo } from "./living";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot";
import { ttlMs } from "./ttl";

/** What is in an environment: makes containers and volumes by the builder. What it answers with is the environment's `result`. */
export type Program<T> = (builder: Builder) => Promise<T> | T;

export class Environment<T = unknown> implements Living {
  readonly #made = new Map<string, Made>();
  readonly #snapshots: Snapshot[] = [];
  readonly #forks = new Set<Environment<T>>();
  #over: Promise<void> | undefined;
  #result: { readonly value: T } | undefined;

  private constructor(
    /** Of the whole server. */
    readonly server: Client,
    private readonly ground: Ground,
    readonly ttlMs: number,
    /** What it is a copy of. */
    private readonly origin?: Environment<T>,
  ) {
    keepAlive(this);
    if (origin !== undefined) origin.#forks.add(this);
  }

  /**
   * Makes an environment: a project and a network of its own, and what the program makes in them. It is taken away at the end of `await using`,
   * when the program fails, and when this process ends, by whatever (docs/testing-environments.md).
   * @throws ApiError, and what the program throws; nothing is left then
   */
  static async up<T>(program: Program<T>, options: EnvironmentOptions = {}): Promise<Environment<T>> {
    const ttl = ttlMs(options.ttl ?? "10m");
    const server = await openServer(options);
    let environment: Environment<T>;
    try {
      const pool = await poolOf(server, options);
      environment = new Environment<T>(server, await layGround(server, { pool, ttlMs: ttl }), ttl);
    } catch (error) {
      await server.close();
      throw error;
    }
    try {
      const value = await program(new Builder(environment.ground, environment.#made));
      environment.#result = { value };
      return environment;
    } catch (error) {
      await environment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the program has answered with. In a fork the containers among its properties are the fork's own. */
  get result(): T {
    if (this.#result === undefined) throw new Error("The program of the environment is not over.");
    return this.#result.value;
  }

  /** Name of its project on the server. */
  get project(): string {
    return this.ground.project;
  }

  /** Client of its project, for what has no call here. */
  get client(): Client {
    return this.ground.client;
  }

  /** A container that the program has made. @throws ApiError NOT_FOUND that names those there are */
  container(name: string): Container {
    const made = this.#made.get(name);
    if (made !== undefined) return made.container;
    const names = [...this.#made.keys()].sort().join(", ") || "none";
    throw new ApiError("NOT_FOUND", `Cannot find container "${name}" in the environment: there are ${names}.`);
  }

  /**
   * Takes a snapshot of all containers and volumes as one state: all that runs is frozen meanwhile, for some milliseconds.
   * @param name made by its number when absent
   * @returns its name
   */
  async snapshot(name = `state-${this.#snapshots.length + 1}`): Promise<string> {
    this.#snapshots.push(await takeSnapshot(this.ground, name, this.#made));
    return name;
  }

  /**
   * Puts all containers and volumes back to what they were, at the last snapshot when none is named. What was made since goes. Containers that
   * ran then start again, and are ready when this resolves.
   * @throws ApiError NOT_FOUND
   */
  async restore(name?: string): Promise<void> {
    const snapshot = this.#snapshotOf(name);
    await restoreSnapshot(this.ground, snapshot);
    this.#made.clear();
    for (const { name: container, made } of snapshot.containers)
      if (made !== undefined) this.#made.set(container, made);
  }

  /**
   * Copies all of it as it was at a snapshot, the last one when none is named; without any, one is taken now. The copy has the same names and
   * addresses, and no way to the host or the world but `publish()` (docs/testing-environments.md). It goes with this environment at the latest.
   * @throws ApiError NOT_FOUND
   */
  async fork(name?: string): Promise<Environment<T>> {
    if (name === undefined && this.#snapshots.length === 0) await this.snapshot();
    const { ground, made } = await forkGround(this.server, this.ground, this.#snapshotOf(name), this.ttlMs);
    const fork = new Environment<T>(this.server, ground, this.ttlMs, this);
    for (const [container, one] of made) fork.#made.set(container, one);
    fork.#result = { value: resultIn(this.result, made) };
    return fork;
  }

  #snapshotOf(name: string | undefined): Snapshot {
    const found = name === undefined ? this.#snapshots.at(-1) : this.#snapshots.find((one) => one.name === name);
    if (found !== undefined) return found;
    const names = this.#snapshots.map((one) => one.name).join(", ") || "none";
    const what = name === undefined ? "a snapshot" : `snapshot "${name}"`;
    throw new ApiError(
      "NOT_FOUND",
      `Cannot find ${what} of the environment: there are ${names}. Take one by snapshot().`,
    );
  }

  /** Takes it away with all that is in it. A second time does nothing. @throws ApiError */
  [Symbol.asyncDispose](): Promise<void> {
    this.#over ??= this.#end();
    return this.#over;
  }

  async #end(): Promise<void> {
    try {
      await allOf([...this.#forks].map((fork) => fork[Symbol.asyncDispose]()));
      await clearGround(this.server, this.ground);
    } finally {
      letGo(this);
      if (this.origin === undefined) await this.server.close();
      else this.origin.#forks.delete(this);
    }
  }
}

/** A result with the containers of a copy in place of those that it was made of. */
function resultIn<T>(result: T, made: ReadonlyMap<string, Made>): T {
  const own = (value: unknown) => (value instanceof Container ? (made.get(value.name)?.container ?? value) : value);
  if (result instanceof Container) return own(result) as T;
  if (typeof result !== "object" || result === null || Object.getPrototypeOf(result) !== Object.prototype)
    return result;
  return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, own(value)])) as T;
}
