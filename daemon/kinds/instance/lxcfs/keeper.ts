/**
 * Keeper of lxcfs: one process for all containers of the daemon, started before the first of them, watched whoever started it, and started again when it ends
 * on its own; meanwhile containers see the host's figures. None of it ever keeps a container from anything.
 */
import { setTimeout as delay } from "node:timers/promises";
import { findProgram } from "../../../../sdk/host/program";
import { isInUserNamespace } from "../../../../sdk/host/user-namespace";
import { ownFolder } from "../../../platform/folders/aside";
import type { ParentGroups } from "../../../platform/host/cgroups";
import { Locks } from "../../../platform/locks";
import type { Op, ProcessWatch } from "../../../platform/native/index";
import type { Platform } from "../../../platform/platform";
import { pauseAfter } from "../../../platform/processes/pause";
import type { InstanceBook } from "../book";
import { boundLxcfs, lxcfsGroups } from "./bounds";
import { Places, uncover } from "./places";
import { clearLxcfs, findLxcfs, type LxcfsProcess, placesFolder, programs, startLxcfs } from "./process";

/** One that ran for this long counts as steady: the next end is a first one. */
const steadyMs = 60_000;

interface Home extends Pick<Platform, "dirs" | "log" | "native" | "warnings"> {
  readonly book: InstanceBook;
  readonly groups: ParentGroups;
}

interface Kept {
  readonly since: number;
  readonly watch?: ProcessWatch;
}

export class LxcfsKeeper {
  /** The one that serves. */
  #kept: Kept | undefined;
  /** Ends in a row, none of them wanted. */
  #ends = 0;
  /** Where it serves for containers; there before it and after it. */
  #places: Places | undefined;
  #pause: AbortController | undefined;
  #isReleased = false;
  readonly #locks = new Locks();

  constructor(private readonly home: Home) {}

  /** Has it run before a container starts. One that cannot run leaves the container to the host's figures. Never rejects. */
  async ensure(): Promise<void> {
    if (this.#isThere() || !this.#isPossible()) return;
    await this.#locked(async () => {
      if (this.#isThere() || !(await this.#hasPlaces()) || !this.#isInstalled()) return;
      await this.#startOrLater();
    });
  }

  /** What a start needs for it. */
  forStart(): Op[] {
    return this.#places?.ops() ?? [];
  }

  /** Finds the process of an earlier daemon; where it has ended, the containers that run get a new one. Never rejects. */
  adopt(): Promise<void> {
    return this.#locked(async () => {
      try {
        const found = await findLxcfs(this.#folder);
        if (found !== undefined) {
          this.#places = found.places;
          return await this.#watch(found);
        }
        if (this.home.book.running.list().length === 0) return await this.#clear();
        if (this.#isPossible() && (await this.#hasPlaces()) && this.#isInstalled()) await this.#startOrLater();
      } catch (error) {
        this.#warn("Containers go on with the figures of the host", error);
      }
    });
  }

  /** Ends it. For a daemon that ends with no container left. Never rejects. */
  async stop(): Promise<void> {
    this.#letGo();
    await this.#locked(async () => {
      this.#letGo();
      await this.#clear().catch((error: unknown) => this.home.log.error("Cannot end lxcfs", { error }));
    });
  }

  /** Lets go of it; it goes on. Resolves when no start is under way. */
  async release(): Promise<void> {
    this.#letGo();
    await this.#locked(async () => this.#letGo());
  }

  #isThere(): boolean {
    return this.#kept !== undefined || this.#pause !== undefined;
  }

  async #hasPlaces(): Promise<boolean> {
    const { dirs, log } = this.home;
    try {
      ownFolder(log, dirs.lxcfs, 0o700);
      this.#places ??= await Places.make(placesFolder(this.#folder));
    } catch (error) {
      this.#warn("Cannot make a place for the figures of containers, which see those of the host", error);
    }
    return this.#places !== undefined;
  }

  get #folder(): string {
    return this.home.dirs.lxcfs;
  }

  /** In a user namespace it is none: the kernel lets it mount nothing for others. */
  #isPossible(): boolean {
    if (!isInUserNamespace()) return true;
    const message = "LXCFS is for daemons that root runs: containers see the memory, processors and uptime of the host";
    this.home.warnings.record("lxcfs", { message });
    return false;
  }

  #isInstalled(): boolean {
    const missing = programs.filter((name) => findProgram(name) === undefined);
    if (missing.length === 0) return true;
    const message = `LXCFS is not installed: containers see the memory, processors and uptime of the host. Install ${missing.join(", ")}; see "bothy doctor"`;
    this.home.warnings.record("lxcfs", { message });
    return false;
  }

  async #startOrLater(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      this.#warn("LXCFS does not start: containers see the memory, processors and uptime of the host", error);
      this.#ended(0);
    }
  }

  async #start(): Promise<void> {
    const { dirs, groups, log, warnings } = this.home;
    if (this.#places === undefined) return;
    groups.make();
    const bound = (pid: number) =>
      boundLxcfs(groups.layout, groups.name, pid).catch((error: unknown) =>
        log.warning("Cannot bound the memory of lxcfs", { error }),
      );
    await this.#watch(await startLxcfs(dirs.lxcfs, this.#places, bound));
    if (this.#ends === 0) warnings.resolve("lxcfs");
  }

  async #watch({ pid, startTime }: LxcfsProcess): Promise<void> {
    const kept: Kept = { since: Date.now() };
    this.#kept = kept;
    try {
      const watch = await this.home.native.watch({ pid, startTime });
      if (this.#isReleased) return watch.close();
      const watched = { ...kept, watch };
      this.#kept = watched;
      void watch.over.then(() => this.#locked(() => this.#lookAgain(watched)));
    } catch (error) {
      this.home.log.warning("Cannot watch lxcfs; it is looked after later", { error });
      this.#ended(kept.since);
    }
  }

  /** The watch is over, which says that the process has ended, or that its watcher has. */
  async #lookAgain(kept: Kept): Promise<void> {
    if (this.#kept !== kept || this.#isReleased) return;
    const found = await findLxcfs(this.#folder).catch(() => undefined);
    found?.places.close();
    if (found !== undefined) return await this.#watch(found);
    // What it served answers nobody any more.
    await uncover(placesFolder(this.#folder)).catch((error: unknown) =>
      this.home.log.warning("Cannot take the figures of an lxcfs that has ended from containers", { error }),
    );
    this.#ended(kept.since);
  }

  /** It comes again after a pause. @param since when it began */
  #ended(since: number): void {
    this.#kept = undefined;
    if (this.#isReleased) return;
    this.#ends = since > 0 && Date.now() - since > steadyMs ? 1 : this.#ends + 1;
    const pauseMs = pauseAfter(this.#ends);
    this.home.log.warning("lxcfs has ended and is started again", { ends: this.#ends, pauseMs });
    const pause = new AbortController();
    this.#pause = pause;
    void delay(pauseMs, true, { signal: pause.signal, ref: false })
      .catch(() => false)
      .then((isOver) => (isOver ? this.#locked(() => this.#startAgain(pause)) : undefined));
  }

  async #startAgain(pause: AbortController): Promise<void> {
    if (this.#pause !== pause) return;
    this.#pause = undefined;
    if (this.#isInstalled()) await this.#startOrLater();
  }

  async #clear(): Promise<void> {
    const { groups, native } = this.home;
    this.#places?.close();
    this.#places = undefined;
    await clearLxcfs(this.#folder);
    // Its children, which look into PID namespaces, outlive it by a moment.
    await native.endGroups(lxcfsGroups(groups.layout, groups.name));
  }

  #warn(message: string, error: unknown): void {
    this.home.warnings.record("lxcfs", { message, error });
  }

  #letGo(): void {
    this.#isReleased = true;
    this.#kept?.watch?.close();
    this.#pause?.abort();
    this.#pause = undefined;
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return this.#locks.run("lxcfs", work);
  }
}
