/** Minutely: what the daemon looks for at the beginning of each minute. */

export interface MinutelyTask {
  /** For the log, such as "look for expired snapshots". */
  readonly name: string;
  /** Whether it is done when the daemon starts as well. */
  readonly atStart: boolean;
  /** @param now the minute that began */
  readonly run: (now: Date) => Promise<void>;
}

const minuteMs = 60_000;

export class Minutely {
  #timer: NodeJS.Timeout | undefined;
  readonly #running = new Set<MinutelyTask>();

  constructor(
    private readonly log: { error(message: string, context?: Record<string, unknown>): void },
    private readonly tasks: readonly MinutelyTask[],
  ) {}

  start(): void {
    for (const task of this.tasks.filter(({ atStart }) => atStart)) void this.#run(task, new Date());
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const minute = Math.floor(Date.now() / minuteMs) + 1;
    const begin = () => {
      // A timer may fire some milliseconds early; the minute is the one that was waited for.
      for (const task of this.tasks) void this.#run(task, new Date(minute * minuteMs));
      this.#wait();
    };
    this.#timer = setTimeout(begin, minute * minuteMs - Date.now() + 5).unref();
  }

  /** A task that takes longer than a minute is not begun twice. */
  async #run(task: MinutelyTask, now: Date): Promise<void> {
    if (this.#running.has(task)) return;
    this.#running.add(task);
    try {
      await task.run(now);
    } catch (error) {
      this.log.error(`Cannot ${task.name}`, { error });
    } finally {
      this.#running.delete(task);
    }
  }
}
