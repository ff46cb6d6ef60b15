/** Shares: the processor time that the engine, the provider and the daemon have of one run of the engine (proc_pid_stat(5)). */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds. */
export interface Shares {
  readonly wall: number;
  readonly engine: number;
  readonly provider: number;
  readonly daemon: number;
  /** This process, in which the program runs. */
  readonly program: number;
}

const tickMs = 10;
const lookMs = 50;

interface Stat {
  readonly ownMs: number;
  /** Of children that have ended and were waited for. */
  readonly childrenMs: number;
}

function statOf(pid: number | "self"): Stat | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
      .map(Number);
    const sum = (...at: number[]) => at.reduce((total, index) => total + (fields[index] ?? 0), 0) * tickMs;
    return { ownMs: sum(11, 12), childrenMs: sum(13, 14) };
  } catch {
    // It has ended.
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Pulumi's host of dynamic providers, and our plugin. */
const isProvider = (pid: number): boolean =>
  /dynamic-provider|pulumi-resource-bothy|bundle\/plugin/.test(commandOf(pid));

/** Children of a process, whichever of its threads has made them. */
function childrenOf(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const texts = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"));
    return texts.flatMap((text) => text.split(" ").filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

const allBelow = (pids: readonly number[]): number[] => pids.flatMap((pid) => [pid, ...allBelow(childrenOf(pid))]);

/** Looks at the processes below this one, again and again: a provider's time is known only while it lives, since its parent has it with its own after that. */
class ProviderWatch {
  readonly #seen = new Map<number, number>();
  /** Those that were there before, as a daemon with all its containers. */
  readonly #others = new Set(childrenOf(process.pid));
  readonly #timer = setInterval(() => this.#look(), lookMs);

  #look(): void {
    for (const pid of allBelow(childrenOf(process.pid).filter((child) => !this.#others.has(child)))) {
      const stat = this.#seen.has(pid) || isProvider(pid) ? statOf(pid) : undefined;
      if (stat !== undefined) this.#seen.set(pid, stat.ownMs + stat.childrenMs);
    }
  }

  end(): number {
    clearInterval(this.#timer);
    return [...this.#seen.values()].reduce((sum, ms) => sum + ms, 0);
  }
}

const timeOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const stat = statOf(pid);
    return sum + (stat === undefined ? 0 : stat.ownMs + stat.childrenMs);
  }, 0);

/** Runs one run of the engine. @param daemon its processes and those that help it */
export async function sharesOf(daemon: () => readonly number[], work: () => Promise<unknown>): Promise<Shares> {
  const before = { daemon: timeOf(daemon()), self: statOf("self") };
  const watch = new ProviderWatch();
  const begin = performance.now();
  let provider = 0;
  try {
    await work();
  } finally {
    provider = watch.end();
  }
  const wall = performance.now() - begin;
  const self = statOf("self");
  const children = (self?.childrenMs ?? 0) - (before.self?.childrenMs ?? 0);
  return {
    wall,
    engine: Math.max(0, children - provider),
    provider,
    daemon: timeOf(daemon()) - before.daemon,
    program: (self?.ownMs ?? 0) - (before.self?.ownMs ?? 0),
  };
}
