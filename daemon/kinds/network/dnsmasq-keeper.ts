/** Keeper of dnsmasq: one process a network, watched whoever started it, and started again when it ends on its own. */
import { setTimeout as delay } from "node:timers/promises";
import { ref, urlOf } from "../../core/ref";
import { Locks } from "../../platform/locks";
import type { ProcessWatch } from "../../platform/native/index";
import type { Platform } from "../../platform/platform";
import { startTimeOf } from "../../platform/processes/others";
import { pauseAfter } from "../../platform/processes/pause";
import { ensureDnsmasq, findDnsmasq, reloadDnsmasq, stopDnsmasq } from "./dnsmasq-process";
import type { NetworkPlace } from "./driver";
import { knowsTags } from "./host-tags";
import { dropForeignLeases } from "./leases";

/** One that ran for this long counts as steady: the next end is a first one. */
const steadyMs = 60_000;
/** After so many ends in a row it is more than an accident. */
const manyEnds = 3;

interface Kept {
  readonly network: NetworkPlace;
  /** Ends in a row, none of them wanted. */
  readonly ends: number;
  readonly since: number;
  readonly watch?: ProcessWatch;
  /** Aborts the pause before the next start. */
  readonly pause?: AbortController;
}

export class DnsmasqKeeper {
  readonly #kept = new Map<string, Kept>();
  readonly #locks = new Locks();
  #isReleased = false;

  constructor(private readonly platform: Pick<Platform, "native" | "log" | "warnings">) {}

  /** Starts dnsmasq, or leaves a running one alone when it would get the same arguments, and keeps it up. @returns whether it was (re)started */
  ensure(network: NetworkPlace, fresh: boolean): Promise<boolean> {
    return this.#locked(network, async () => {
      this.#letGo(network.name);
      return this.#start(network, fresh, 0);
    });
  }

  /** Ends dnsmasq; none running is not an error. */
  stop(network: NetworkPlace): Promise<void> {
    return this.#locked(network, () => {
      this.#letGo(network.name);
      return stopDnsmasq(network);
    });
  }

  /** Makes dnsmasq read its host entries anew, so that removed ones are forgotten; one that would crash at that is started anew. */
  reload(network: NetworkPlace): Promise<void> {
    return this.#locked(network, async () => {
      if (!this.#kept.has(network.name) || !(await knowsTags(network))) return reloadDnsmasq(network);
      this.#letGo(network.name);
      await this.#start(network, true, 0);
    });
  }

  /** Lets go of all; they go on. Resolves when no start is under way. */
  async release(): Promise<void> {
    this.#isReleased = true;
    const names = [...new Set([...this.#kept.keys(), ...this.#locks.keys])];
    for (const name of names) this.#letGo(name);
    await Promise.all(names.map((name) => this.#locks.run(name, async () => this.#letGo(name))));
  }

  async #start(network: NetworkPlace, fresh: boolean, ends: number): Promise<boolean> {
    const isStarted = await ensureDnsmasq(network, {
      log: this.platform.log,
      fresh,
      beforeStart: () => dropForeignLeases(network),
    });
    const kept = { network, ends, since: Date.now() };
    this.#kept.set(network.name, kept);
    await this.#watch(kept);
    if (ends === 0) this.platform.warnings.resolve("dnsmasqEnds", entityOf(network));
    else setTimeout(() => this.#noteSteady(kept), steadyMs).unref();
    return isStarted;
  }

  async #watch(kept: Kept): Promise<void> {
    const { network } = kept;
    const found = await findDnsmasq(network);
    const startTime = found && startTimeOf(found.pid);
    if (found === undefined || startTime === undefined) return this.#ended(kept);
    try {
      const watch = await this.platform.native.watch({ pid: found.pid, startTime: Number(startTime) });
      if (this.#isReleased) return watch.close();
      const watched = { ...kept, watch };
      this.#kept.set(network.name, watched);
      void watch.over.then(() => this.#locked(network, () => this.#orLater(watched, () => this.#lookAgain(watched))));
    } catch (error) {
      // It may have ended just now; whatever it is, a later look tells.
      this.platform.log.warning("Cannot watch dnsmasq of a network; it is looked after later", {
        network: network.name,
        error,
      });
      this.#ended(kept);
    }
  }

  /** The watch is over, which says that the process has ended, or that its watcher has. */
  async #lookAgain(kept: Kept): Promise<void> {
    if (this.#kept.get(kept.network.name) !== kept) return;
    if ((await findDnsmasq(kept.network)) === undefined) this.#ended(kept);
    else await this.#watch(kept);
  }

  #ended({ network, since, ends: before }: Kept): void {
    if (this.#isReleased) return;
    const ends = Date.now() - since > steadyMs ? 1 : before + 1;
    const pauseMs = pauseAfter(ends);
    const context = { network: network.name, ends, pauseMs };
    if (ends >= manyEnds)
      this.platform.warnings.record("dnsmasqEnds", {
        message: `dnsmasq of network "${network.name}" has ended ${ends} times in a row; new guests get no address meanwhile`,
        entity: entityOf(network),
      });
    else this.platform.log.warning("dnsmasq of a network has ended and is started again", context);
    const pause = new AbortController();
    const kept = { network, ends, since, pause };
    this.#kept.set(network.name, kept);
    void delay(pauseMs, true, { signal: pause.signal, ref: false })
      .catch(() => false)
      .then((isOver) => (isOver ? this.#locked(network, () => this.#startAgain(kept)) : undefined));
  }

  async #startAgain(kept: Kept): Promise<void> {
    const { network, ends } = kept;
    if (this.#kept.get(network.name) !== kept) return;
    await this.#orLater(kept, () => this.#start(network, false, ends));
  }

  /** Whatever fails here counts as one more end: it is tried again. */
  async #orLater({ network, ends }: Kept, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.platform.log.error("Cannot start dnsmasq of a network again", { network: network.name, error });
      this.#ended({ network, ends, since: Date.now() });
    }
  }

  #noteSteady({ network, since }: Kept): void {
    const now = this.#kept.get(network.name);
    if (now?.since === since && now.watch !== undefined)
      this.platform.warnings.resolve("dnsmasqEnds", entityOf(network));
  }

  #letGo(name: string): void {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    kept?.watch?.close();
    kept?.pause?.abort();
  }

  #locked<T>(network: NetworkPlace, work: () => Promise<T>): Promise<T> {
    return this.#locks.run(network.name, work);
  }
}

const entityOf = ({ name }: NetworkPlace): string => urlOf(ref("network", name));
