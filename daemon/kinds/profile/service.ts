/** Profiles: "default" is always there; a change reaches the instances that have the profile. */

import { isDeepStrictEqual } from "node:util";
import type { Devices } from "../../../sdk/api/common";
import { instanceConfig, instanceKeys } from "../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../sdk/api/config/lxd-words";
import { ApiError, badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Profile, ProfilePut, ProfilesPost } from "../../../sdk/api/profile";
import { type Call, defaultProject } from "../../core/call";
import { withoutEmpty, withoutEmptyOptions } from "../../core/merge";
import { urlOf } from "../../core/ref";
import { requireAclsOfNic } from "../../core/references/nic-acls";
import type { Reference } from "../../core/references/store";
import { parseRawLxc } from "../../core/settings/raw-lxc";
import { requireConfig, requireDevices } from "../../core/validate";
import type { ProfileHome } from "./home";
import { type ProfileId, type ProfileRecord, ProfileStore, profileRef } from "./store";

export class ProfileService {
  readonly #store: ProfileStore;

  constructor(private readonly home: ProfileHome) {
    this.#store = new ProfileStore(home.database, home.references, (project) =>
      home.projects.homeOf("storage.volumes", project),
    );
    const first: ProfileId = { project: defaultProject, name: "default" };
    if (this.#store.find(first) === undefined)
      this.#store.insert({ ...first, description: "Default LXD profile", config: {}, devices: {} });
  }

  /** Where the profiles lie that a project sees. */
  homeOf(project: string): string {
    return this.home.projects.homeOf("profiles", project);
  }

  list({ project }: Call): Profile[] {
    return this.records(this.homeOf(project)).map((record) => this.#shown(record));
  }

  listAll(): (Profile & { project: string })[] {
    return this.records().map((record) => ({ ...this.#shown(record), project: record.project }));
  }

  /** All that profiles refer to. */
  said(): Reference[] {
    return this.#store.said();
  }

  /** Paths of the instances that have a profile, those that are being made or deleted included. */
  #usersOf(profile: ProfileId): string[] {
    const users = this.home.references.to(profileRef(profile)).filter(({ kind }) => kind === "instance");
    return users.map(urlOf);
  }

  #shown(record: ProfileRecord): Profile {
    const { project: _, ...profile } = record;
    return { ...profile, used_by: this.#usersOf(record) };
  }

  /** The stored profiles of a project, or of all, without who uses them. */
  records(project?: string): ProfileRecord[] {
    const all = this.#store.list();
    return project === undefined ? all : all.filter((record) => record.project === project);
  }

  /** @throws ApiError NOT_FOUND */
  get({ project }: Call, name: string): Profile {
    return this.#shown(this.record(project, name));
  }

  /** A profile as a project sees it. */
  find(project: string, name: string): ProfileRecord | undefined {
    return this.#store.find({ project: this.homeOf(project), name });
  }

  /** Those of some names that are there, in their order. */
  layers(project: string, names: readonly string[]): ProfileRecord[] {
    return names.flatMap((name) => this.find(project, name) ?? []);
  }

  /** Whether instances of a project have a profile by its name. */
  isSeen(project: string, profile: ProfileId): boolean {
    return this.homeOf(project) === profile.project;
  }

  /** The stored profile, without who uses it. @throws ApiError NOT_FOUND */
  record(project: string, name: string): ProfileRecord {
    const record = this.find(project, name);
    if (record === undefined) throw notFound("Profile not found");
    return record;
  }

  create({ project, isDryRun }: Call, post: ProfilesPost): void {
    this.home.projects.require(project);
    const record = { ...post, ...checked(post), project: this.homeOf(project) };
    this.#requireAcls(record.devices);
    this.home.projects.allowProfile(record, true);
    if (this.#store.find(record) !== undefined)
      throw conflict(`Error inserting "${post.name}" into database: The profile already exists`);
    if (!isDryRun) this.#store.insert(record);
  }

  /** Replaces the mutable part. The change is kept also when an instance cannot follow; the error then names the instance. */
  async update({ project }: Call, name: string, put: ProfilePut): Promise<void> {
    const before = this.record(project, name);
    const after = { ...before, ...checked(put) };
    this.#requireAcls(after.devices, before.devices);
    this.home.profileUsers.check(after);
    this.home.projects.allowProfile(after, false);
    this.home.database.transaction(() => {
      this.#store.update(after);
      this.home.profileUsers.changed(after);
    });
    await this.home.profileUsers.follow(before);
  }

  /** What stands already is not judged. @throws ApiError BAD_REQUEST for a nic with an ACL that is not there */
  #requireAcls(devices: Devices, standing: Devices = {}): void {
    for (const [device, options] of Object.entries(devices))
      if (!isDeepStrictEqual(options, standing[device]))
        requireAclsOfNic(device, options, (acl) => this.home.networkAcls.find(acl) !== undefined);
  }

  /** Gives a profile other devices that come to the same, within the caller's transaction. */
  replaceDevices(profile: ProfileId, next: (devices: Devices) => Devices): void {
    const record = this.#store.find(profile);
    if (record === undefined) return;
    const after = { ...record, devices: next(record.devices) };
    this.#store.update(after);
    this.home.profileUsers.changed(after);
  }

  /** Gives a project a default profile of its own when it has none, within the caller's transaction. */
  addDefault(project: string): void {
    const first: ProfileId = { project, name: "default" };
    if (this.#store.find(first) === undefined)
      this.#store.insert({
        ...first,
        description: `Default LXD profile for project ${project}`,
        config: {},
        devices: {},
      });
  }

  /** Takes the default profile of a project away, within the caller's transaction. */
  removeDefault(project: string): void {
    this.#store.delete({ project, name: "default" });
  }

  /** Follows a renamed project, within the caller's transaction. */
  projectRenamed(from: string, to: string): void {
    this.#store.moveAll(from, to);
  }

  rename({ project }: Call, from: string, to: string): void {
    const before = this.record(project, from);
    if (from === "default") throw new ApiError("FORBIDDEN", 'The "default" profile cannot be renamed');
    if (this.find(project, to) !== undefined) throw conflict(`Name "${to}" already in use`);
    this.home.database.transaction(() => {
      this.#store.rename(before, to);
      this.home.profileUsers.renamed(before, to);
    });
  }

  delete(call: Call, name: string): void {
    if (name === "default") throw new ApiError("FORBIDDEN", 'The "default" profile cannot be deleted');
    const record = this.record(call.project, name);
    if (this.#usersOf(record).length > 0) throw badRequest("Profile is currently in use");
    // What only remembers it goes on without it, as in LXD.
    this.home.database.transaction(() => {
      this.#store.delete(record);
      this.home.profileUsers.deleted(record);
    });
  }
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
