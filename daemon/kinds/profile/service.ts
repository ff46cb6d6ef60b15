/** Profiles: "default" is always there; a change reaches the instances that have the profile. */

import { instanceKeys } from "../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../sdk/api/config/lxd-words";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Profile, ProfilePut, ProfilesPost } from "../../../sdk/api/profile";
import type { Call } from "../../core/call";
import { withoutEmpty, withoutEmptyOptions } from "../../core/merge";
import { ref, urlOf } from "../../core/ref";
import { parseRawLxc } from "../../core/settings/raw-lxc";
import { requireConfig, requireDevices } from "../../core/validate";
import { isDuplicate } from "../../platform/database/database";
import type { ProfileHome } from "./home";
import { type ProfileRecord, ProfileStore } from "./store";

export class ProfileService {
  readonly #store: ProfileStore;

  constructor(private readonly home: ProfileHome) {
    this.#store = new ProfileStore(home.database);
    if (this.#store.find("default") === undefined)
      this.#store.insert({ name: "default", description: "Default Bothy profile", config: {}, devices: {} });
  }

  list(): Profile[] {
    const users = this.home.profileUsers.all();
    return this.#store.list().map((record) => shown(record, users));
  }

  /** The stored profiles, without who uses them. */
  records(): ProfileRecord[] {
    return this.#store.list();
  }

  /** @throws ApiError NOT_FOUND */
  get(_call: Call, name: string): Profile {
    return shown(this.record(name), this.home.profileUsers.all());
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

  create(_call: Call, post: ProfilesPost): void {
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
  async update(_call: Call, name: string, put: ProfilePut): Promise<void> {
    const before = this.record(name);
    const after = { ...before, ...checked(put) };
    this.home.profileUsers.check(after);
    this.#store.update(after);
    await this.home.profileUsers.follow(name, before);
  }

  rename(_call: Call, from: string, to: string): void {
    this.record(from);
    if (from === "default") throw badRequest("The 'default' profile cannot be renamed");
    if (this.#store.find(to) !== undefined) throw conflict(`Name "${to}" already in use`);
    this.home.database.transaction(() => {
      this.#store.rename(from, to);
      this.home.profileUsers.renamed(from, to);
    });
  }

  delete(call: Call, name: string): void {
    if (name === "default") throw badRequest("The 'default' profile cannot be deleted");
    if (this.get(call, name).used_by.length > 0) throw badRequest("Profile is currently in use");
    // What only remembers it goes on without it, as in LXD.
    this.home.database.transaction(() => {
      this.#store.delete(name);
      this.home.profileUsers.deleted(name);
    });
  }
}

function shown(record: ProfileRecord, all: ReturnType<ProfileHome["profileUsers"]["all"]>): Profile {
  const users = all.filter(({ profiles }) => profiles.includes(record.name));
  return { ...record, used_by: users.map(({ name }) => urlOf(ref("instance", name))) };
}

function checked(put: ProfilePut): ProfilePut {
  requireConfig(instanceKeys, put.config, lxdInstanceKeys);
  requireDevices(put.devices);
  parseRawLxc(put.config["raw.lxc"]);
  return {
    description: put.description,
    config: withoutEmpty(put.config),
    devices: withoutEmptyOptions(put.devices),
  };
}
