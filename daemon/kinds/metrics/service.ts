/** Metrics: what running instances use, for a Prometheus to read. Kept for some seconds, so that many readers cost what one does. */
import { readFileSync } from "node:fs";
import { setImmediate as pause } from "node:timers/promises";
import { Filesystems } from "./filesystems";
import { cpuSamples, memorySamples, processSamples } from "./group-usage";
import type { MetricSource, MetricsHome } from "./home";
import { networkSamples } from "./net-dev";
import { type InstanceSamples, renderMetrics } from "./render";

/** As in LXD. */
const keptMs = 8000;

export class MetricsService {
  readonly #filesystems = new Filesystems();
  #kept: { readonly until: number; readonly all: readonly InstanceSamples[] } | undefined;
  #reading: Promise<readonly InstanceSamples[]> | undefined;

  constructor(private readonly home: MetricsHome) {}

  get isGuarded(): boolean {
    return this.home.server.guardsMetrics;
  }

  /** @param isSeen whether the instances of a project are for who asks @returns text in the form of OpenMetrics */
  async render(isSeen: (project: string) => boolean): Promise<string> {
    const all = await this.#all();
    return renderMetrics(all.filter(({ project }) => isSeen(project)));
  }

  async #all(): Promise<readonly InstanceSamples[]> {
    const now = performance.now();
    if (this.#kept !== undefined && now < this.#kept.until) return this.#kept.all;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<readonly InstanceSamples[]> {
    const hostBytes = 1024 * Number(/^MemTotal:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0);
    const all: InstanceSamples[] = [];
    for (const source of this.home.metricSources()) {
      all.push({ project: source.project, name: source.name, samples: await this.#samples(source, hostBytes) });
      // Hundreds of containers must not keep other requests waiting.
      await pause();
    }
    this.#kept = { until: performance.now() + keptMs, all };
    return all;
  }

  async #samples(source: MetricSource, hostBytes: number) {
    const { layout } = this.home.groups;
    const filesystems = this.#filesystems.samples(source);
    return [
      ...cpuSamples(layout, source.group),
      ...memorySamples(layout, source.group, hostBytes),
      ...networkSamples(source),
      ...processSamples(layout, source.group),
      ...(await filesystems),
    ];
  }
}
