/** Host ids: every unprivileged instance has a range of its own; nobody else gets it while anything may use it. */
import { createHash } from "node:crypto";
import type { Config } from "../../../sdk/api/common";
import { allocateBase, baseOf, withBase } from "./create/idmap";

export class HostIds {
  /** First ids of the ranges that are given, those of instances that are being made included. */
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

  /** Gives ids that nobody has. @throws ApiError INTERNAL when none are left */
  giveNew(config: Config): Config {
    const base = allocateBase(this.#bases, this.#seed);
    this.#bases.add(base);
    return withBase(config, base);
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
