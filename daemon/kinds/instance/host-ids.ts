/** Host ids: every unprivileged instance has a range of its own; nobody else gets it while anything may use it. */
import { createHash } from "node:crypto";
import type { Config } from "../../../sdk/api/common";
import { diskBase, hasUsersIds, isNested, rangeSize } from "../../../sdk/host/own-ids";
import { allocateBase, allocateRun, isRun } from "./create/id-runs";
import { baseOf, idCount, withBase } from "./create/idmap";

export class HostIds {
  /** First ids of the ranges and runs that are given, those of instances that are being made included. */
  readonly #bases = new Set<number>();
  readonly #seed: number;

  /** @param groupName of the daemon's control groups, which differs by its state folder */
  constructor(groupName: string) {
    this.#seed = createHash("sha256").update(groupName).digest().readUInt32BE(0);
  }

  /** Gives a configuration without ids some. Files are stored 0-based, so an instance whose ids are lost takes others. */
  give(config: Config): Config {
    if (baseOf(config) !== undefined) return config;
    return this.giveNew(config);
  }

  /** Gives ids that nobody has; of a daemon in a container those that all have. @throws ApiError INTERNAL when none are left */
  giveNew(config: Config): Config {
    if (isNested) return withBase(config, diskBase);
    const base = allocateBase(this.#bases, this.#seed);
    this.#bases.add(base);
    return withBase(config, base);
  }

  /** Gives an instance a run of ranges in the place of the one that it has, where it starts with more ids than that. @param expanded configuration with profiles */
  widened(config: Config, expanded: Config): Config {
    const base = baseOf(config);
    const isWide = base !== undefined && isRun(base);
    if (
      isNested ||
      hasUsersIds ||
      isWide ||
      expanded["security.idmap.base"] !== undefined ||
      idCount(expanded) <= rangeSize
    )
      return config;
    const run = allocateRun(this.#bases, this.#seed);
    this.#bases.add(run);
    this.release(config);
    return withBase(config, run);
  }

  /** Keeps ids from everyone else. @param base first of them on the host */
  reserve(base: number): void {
    this.#bases.add(base);
  }

  /** The instance is gone. */
  release(config: Config): void {
    this.#bases.delete(baseOf(config) ?? 0);
  }
}
