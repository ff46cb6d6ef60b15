/** Profiles: "default" is always there; a change reaches the instances that have the profile. */

import { instanceConfig, instanceKeys } from "../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../sdk/api/config/lxd-words";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Profile, ProfilePut, ProfilesPost } from "../../../sdk/api/profile";
import type { Context } from "../../context";
import { withoutEmpty, withoutEmptyOptions } from "../../core/merge";
import { requireConfig, requireDevices } from "../../core/validate";
import { isDuplicate } from "../../platform/database/database";
import { checkProfile, followProfile, renameInUsers } from "../instance/change/profile-users";
import { parseRawLxc } from "../instance/life/halt";
import type { InstanceUse } from "../instance/service";
import { type ProfileRecord, ProfileStore } from "./store";

export class ProfileService {
  readonly #store: ProfileStore;

  constructor(private readonly context: Context) {
    this.#store = new ProfileStore(context.database);
    if (this.#store.find("default") === undefined)
      this.#store.insert({ name: "default", description: "Default Bothy profile", config: {}, devices: {} });
  }

  list(): Profile[] {
    const uses = this.context.instances.uses();
    return this.#store.list().map((record) => render(record, uses));
  }

  /** @throws ApiError NOT_FOUND */
  get(name: string): Profile {
    return render(this.record(name), this.context.instances.uses());
  }

  /** The stored profile, when there is one. */
  find(name: string): ProfileRecord | undefined {
    return this.#store.find(name);
  }

  /** The stored profile, without who uses it. @throws ApiError NOT_FOUND */
  record(name: string): ProfileRecord {
    const record = this.#store.find(name);
    if (record === undefined) throw notFound("Profile not found");
    return record;
  }

  create(post: ProfilesPost): void {
    const record = { ...post, ...checked(post) };
    try {
      this.#store.insert(record);
    } catch (error) {
      if (isDuplicate(error))
        throw conflict(`Error inserting "${post.name}" into database: The profile already exists`);
      throw error;
    }
  }

  /** Replaces the mutable part. The change is kept also when an instance cannot follow; the error then names the instance. */
  async update(name: string, put: ProfilePut): Promise<void> {
    const before = this.record(name);
    const after = { ...before, ...checked(put) };
    checkProfile(this.context, after);
    this.#store.update(after);
    await followProfile(this.context, name, before);
  }

  rename(from: string, to: string): void {
    this.record(from);
    if (from === "default") throw badRequest("The 'default' profile cannot be renamed");
    if (this.#store.find(to) !== undefined) throw conflict(`Name "${to}" already in use`);
    this.context.database.transaction(() => {
      this.#store.rename(from, to);
      renameInUsers(this.context, from, to);
      this.context.snapshots.followProfile(from, to);
      this.context.images.followProfile(from, to);
    });
  }

  delete(name: string): void {
    if (name === "default") throw badRequest("The 'default' profile cannot be deleted");
    if (this.get(name).used_by.length > 0) throw badRequest("Profile is currently in use");
    // What only remembers it goes on without it, as in LXD.
    this.context.database.transaction(() => {
      this.#store.delete(name);
      this.context.snapshots.followProfile(name, undefined);
      this.context.images.followProfile(name, undefined);
    });
  }
}

function render(record: ProfileRecord, uses: readonly InstanceUse[]): Profile {
  const users = uses.filter((use) => use.profiles.includes(record.name));
  return { ...record, used_by: users.map((use) => `/1.0/instances/${use.name}`) };
}

function checked(put: ProfilePut): ProfilePut {
  requireConfig(instanceKeys, put.config, lxdInstanceKeys);
  requireDevices(put.devices);
  parseRawLxc(instanceConfig(put.config).get("raw.lxc"));
  return {
    description: put.description,
    config: withoutEmpty(put.config),
    devices: withoutEmptyOptions(put.devices),
  };
}
