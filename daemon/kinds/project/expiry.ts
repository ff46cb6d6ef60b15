/** Expiry: a project whose time is over goes, with all that is in it and the networks that it names (docs/lxd-api.md, Projects). */
import { projectConfig } from "../../../sdk/api/config/project";
import { ownCall } from "../../core/call";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import type { ProjectHome } from "./home";
import type { ProjectService } from "./service";
import type { ProjectRecord } from "./store";

/** What could not be deleted is tried again after so long. */
const retryMs = 60_000;
/** A timer counts in 32 bits. */
const longestMs = 24 * 3_600_000;

export class ProjectExpiry {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = true;
  readonly #busy = new Set<string>();
  /** Those that could not be deleted, and when they are tried again. */
  readonly #later = new Map<string, number>();

  constructor(
    private readonly home: ProjectHome & { readonly changes: Changes },
    private readonly projects: ProjectService,
  ) {
    home.events.onLifecycle(({ action }) => {
      if (action === "project-created" || action === "project-updated") this.#look();
    });
  }

  start(): void {
    this.#isStopped = false;
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Begins to delete those whose time is over, and comes back when that of the next one is. */
  #look(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const record of this.projects.records()) {
      const at = this.#dueAt(record);
      if (at <= now) void this.#expire(record.name);
      else next = Math.min(next, at);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#look(), Math.min(next - now, longestMs)).unref();
  }

  #dueAt({ name, config }: ProjectRecord): number {
    if (this.#busy.has(name)) return Number.POSITIVE_INFINITY;
    return Math.max(expiresAt(config), this.#later.get(name) ?? 0);
  }

  /** Never rejects. */
  async #expire(name: string): Promise<void> {
    const { log } = this.home;
    this.#busy.add(name);
    this.#later.delete(name);
    try {
      await this.#delete(name);
      log.info("A project has expired", { project: name });
    } catch (error) {
      // Its user may delete it at the same time.
      if (this.projects.exists(name)) {
        log.error("Cannot delete an expired project", { project: name, error });
        this.#later.set(name, Date.now() + retryMs);
      }
    } finally {
      this.#busy.delete(name);
      this.#look();
    }
  }

  /** The project goes last: what a crash leaves is found by it. */
  async #delete(name: string): Promise<void> {
    const { changes, projectContents } = this.home;
    await this.projects.clear(ownCall(), name);
    for (const network of projectConfig(this.projects.config(name)).get("expiry.networks") ?? [])
      await projectContents.deleteNetwork(ownCall(), network);
    const of = ref("project", name);
    await changes.run(ownCall(), {
      of: [of],
      told: { action: "project-deleted", of },
      work: () => this.projects.delete(ownCall(), name),
    });
  }
}

const expiresAt = (config: ProjectRecord["config"]): number =>
  projectConfig(config).get("expiry.at") ?? Number.POSITIVE_INFINITY;
