/** Projects: "default" is always there and has everything itself; another one has by its features what is its own. */
import { type Config, ProjectName } from "../../../sdk/api/common";
import { lxdProjectKeys } from "../../../sdk/api/config/lxd-words";
import { projectConfig, projectKeys } from "../../../sdk/api/config/project";
import { ApiError, badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Project, ProjectPut, ProjectState, ProjectsPost } from "../../../sdk/api/project";
import { maySee, requireSight } from "../../core/access";
import { type Call, defaultProject } from "../../core/call";
import { changedKeys, withoutEmpty } from "../../core/merge";
import { type ProjectFeature, type Projects, projectNotFound } from "../../core/projects";
import { ref, urlOf } from "../../core/ref";
import { requireConfig } from "../../core/validate";
import { allFeatures, changedFeatures, defaultFeatures, hasFeature } from "./features";
import type { Member, Members, NextProfile, ProjectHome, VolumeMember } from "./home";
import { checkAggregates, checkCount, checkNewLimits, roomForImage, stateOf, together } from "./limits";
import { allowsNetwork, checkBackup, checkRestrictions, checkSnapshot, requiredFolder } from "./restrictions";
import { type ProjectRecord, ProjectStore } from "./store";

export class ProjectService implements Projects {
  readonly #store: ProjectStore;
  /** What is there as it shall be, by project, while a change of it goes on: two changes at the same time must not come to too much together. */
  readonly #claims = new Map<string, Set<Members>>();

  constructor(private readonly home: ProjectHome) {
    this.#store = new ProjectStore(home.database);
    if (this.#store.find(defaultProject) === undefined)
      this.#store.change(() =>
        this.#store.insert({ name: defaultProject, description: "Default LXD project", config: defaultFeatures }),
      );
  }

  /** Makes the projects again that something lies in and whose own rows were lost, so that it can be reached. */
  startUp(): void {
    const { log, projectContents, warnings } = this.home;
    for (const name of projectContents.projects()) {
      if (this.#store.find(name) !== undefined) continue;
      try {
        this.#store.change(() => this.#insert({ name, description: "", config: allFeatures }));
        const message = `The project "${name}" was lost and is made again, without its limits and restrictions`;
        warnings.record("objectDamaged", { message, entity: urlOf(ref("project", name)) });
      } catch (error) {
        log.error(`Cannot make the lost project "${name}" again`, { error });
      }
    }
  }

  homeOf(feature: ProjectFeature, project: string): string {
    const record = project === defaultProject ? undefined : this.#store.find(project);
    return record === undefined || hasFeature(record.config, feature) ? project : defaultProject;
  }

  require(project: string): void {
    this.record(project);
  }

  /** @throws ApiError NOT_FOUND */
  record(name: string): ProjectRecord {
    const record = this.#store.find(name);
    if (record === undefined) throw notFound(projectNotFound);
    return record;
  }

  records(): readonly ProjectRecord[] {
    return this.#store.list();
  }

  exists(name: string): boolean {
    return this.#store.find(name) !== undefined;
  }

  /** What is set of a project. @throws ApiError NOT_FOUND */
  config(name: string): Config {
    return this.record(name).config;
  }

  /** Those that who calls has. */
  list(call: Call): Project[] {
    const seen = this.#store.list().filter(({ name }) => maySee(call, name));
    return seen.map((record) => this.#render(record));
  }

  /** @throws ApiError FORBIDDEN, NOT_FOUND */
  get(call: Call, name: string): Project {
    requireSight(call, name);
    return this.#render(this.record(name));
  }

  /** @throws ApiError FORBIDDEN, NOT_FOUND */
  state(call: Call, name: string): ProjectState {
    requireSight(call, name);
    return stateOf(this.record(name), this.#members(name));
  }

  #members(project: string): Members {
    const { projectContents } = this.home;
    return { instances: projectContents.instances(project), volumes: projectContents.volumes(project) };
  }

  /** Makes an empty project, with a default profile of its own when it has profiles. */
  create({ isDryRun }: Call, post: ProjectsPost): void {
    const { name } = post;
    const config = withoutEmpty({ ...allFeatures, ...post.config });
    requireConfig(projectKeys, config, lxdProjectKeys);
    if (this.#store.find(name) !== undefined)
      throw conflict(`Failed creating project "${name}": This "projects" entry already exists`);
    if (!isDryRun) this.#store.change(() => this.#insert({ name, description: post.description, config }));
  }

  #insert(record: ProjectRecord): void {
    this.#store.insert(record);
    if (hasFeature(record.config, "profiles")) this.home.projectContents.addDefaultProfile(record.name);
  }

  /** Replaces the mutable part. @throws ApiError BAD_REQUEST when what is in the project does not fit it */
  update(_call: Call, name: string, put: ProjectPut): void {
    const was = this.record(name);
    const is: ProjectRecord = { name, description: put.description, config: withoutEmpty(put.config) };
    const brought = changedKeys(was.config, is.config);
    const entries = Object.entries(is.config).filter(([key]) => brought.includes(key));
    requireConfig(projectKeys, Object.fromEntries(entries), lxdProjectKeys);
    if (name === defaultProject && projectConfig(is.config).has("expiry.at"))
      throw badRequest('Invalid value for "expiry.at": the default project is always there.');
    const [changed] = changedFeatures(was.config, is.config);
    if (changed !== undefined && name === defaultProject)
      throw badRequest("You can't change the features of the default project");
    if (changed !== undefined && !this.#isEmpty(name))
      throw badRequest(
        `Project feature "features.${changed}" cannot be ${hasFeature(is.config, changed) ? "enabled" : "disabled"} on non-empty projects`,
      );
    this.#checkAll(was, is);
    this.#store.change(() => {
      this.#store.update(is);
      if (hasFeature(is.config, "profiles") === hasFeature(was.config, "profiles")) return;
      if (hasFeature(is.config, "profiles")) this.home.projectContents.addDefaultProfile(name);
      else this.home.projectContents.removeDefaultProfile(name);
    });
  }

  /** Whether what is in a project fits it as it shall be. */
  #checkAll(was: ProjectRecord, is: ProjectRecord): void {
    const { projectContents } = this.home;
    const members = this.#members(is.name);
    checkNewLimits(was, is, members, this.#claimed(is.name));
    const changed = changedKeys(was.config, is.config).find((key) => key.startsWith("restricted"));
    if (changed === undefined) return;
    within(`Conflict detected when changing "${changed}" in project "${is.name}"`, () => {
      for (const member of members.instances) checkRestrictions(is, "container", member);
      for (const member of projectContents.profiles(is.name)) checkRestrictions(is, "profile", member);
    });
  }

  /** What is wrong with the new name or with what is inside is said by the operation, as in LXD. @throws ApiError NOT_FOUND, FORBIDDEN */
  requireRenamable(name: string): void {
    this.record(name);
    if (name === defaultProject) throw new ApiError("FORBIDDEN", "The 'default' project cannot be renamed");
  }

  rename(_call: Call, from: string, to: string): void {
    this.requireRenamable(from);
    if (this.#store.find(to) !== undefined) throw badRequest(`A project named "${to}" already exists`);
    if (!this.#isEmpty(from)) throw badRequest("Only empty projects can be renamed");
    const name = ProjectName.safeParse(to);
    if (!name.success) throw badRequest(name.error.issues[0]?.message ?? "Invalid project name");
    this.#store.change(() => {
      this.#store.rename(from, to);
      this.home.projectContents.projectRenamed(from, to);
    });
  }

  /** Deletes all that is in a project, so that it can be deleted. @throws ApiError FORBIDDEN, NOT_FOUND, and of what cannot be deleted */
  async clear(call: Call, name: string): Promise<void> {
    this.#requireDeletable(name);
    await this.home.projectContents.clear({ ...call, project: name });
  }

  #requireDeletable(name: string): void {
    this.record(name);
    if (name === defaultProject) throw new ApiError("FORBIDDEN", "The 'default' project cannot be deleted");
  }

  delete(_call: Call, name: string): void {
    this.#requireDeletable(name);
    if (!this.#isEmpty(name)) throw badRequest("Only empty projects can be removed");
    this.#store.change(() => {
      this.#store.delete(name);
      this.home.projectContents.projectDeleted(name);
    });
  }

  /** A default profile does not count. */
  #isEmpty(name: string): boolean {
    const own = urlOf(ref("profile", "default", name));
    return this.home.projectContents.urls(name).every((url) => url === own);
  }

  /**
   * Whether a project allows an instance. @param after the instance with its profiles as it shall be @param isNew whether it counts as one more
   * @throws ApiError NOT_FOUND, BAD_REQUEST
   */
  allowInstance(project: string, after: Member, isNew: boolean): void {
    const record = this.record(project);
    if (isNew) this.home.damages.requireNone(urlOf(ref("project", project)), `make instance "${after.name}"`);
    if (!isBounded(record)) return;
    const { instances, volumes } = together(this.#members(project), this.#claimed(project));
    const isOther = ({ name }: Member) => name !== after.name;
    if (isNew) checkCount(record, this.home.projectContents.instances(project).filter(isOther));
    within(`Failed checking if instance ${isNew ? "creation" : "update"} allowed`, () => {
      checkAggregates(record, { instances: [...instances.filter(isOther), after], volumes });
      checkRestrictions(record, "container", after);
    });
  }

  /**
   * The same for an instance that is there. What it shall be counts until the claim is given back, when it is stored or the change has failed.
   * @throws ApiError NOT_FOUND, BAD_REQUEST
   */
  claimInstance(project: string, after: Member): Disposable {
    this.allowInstance(project, after, false);
    return this.#claim(project, { instances: [after], volumes: [] });
  }

  /** Whether a project allows a custom volume. @param after as it shall be @throws ApiError NOT_FOUND, BAD_REQUEST */
  allowVolume(project: string, after: VolumeMember, isNew: boolean): void {
    const record = this.record(project);
    if (projectConfig(record.config).get("limits.disk") === undefined) return;
    const { instances, volumes } = together(this.#members(project), this.#claimed(project));
    const isOther = ({ pool, name }: VolumeMember) => pool !== after.pool || name !== after.name;
    within(`Failed checking if volume ${isNew ? "creation" : "update"} allowed`, () =>
      checkAggregates(record, { instances, volumes: [...volumes.filter(isOther), after] }),
    );
  }

  /** The same for a volume that is there, until the claim is given back. @throws ApiError NOT_FOUND, BAD_REQUEST */
  claimVolume(project: string, after: VolumeMember): Disposable {
    this.allowVolume(project, after, false);
    return this.#claim(project, { instances: [], volumes: [after] });
  }

  /** Whether a project has room for an image of so many bytes. @throws ApiError NOT_FOUND, BAD_REQUEST */
  allowImage(project: string, bytes: number): void {
    const room = roomForImage(this.record(project), together(this.#members(project), this.#claimed(project)));
    if (room !== undefined && bytes > room)
      throw badRequest(
        `Cannot import image: it has ${bytes} bytes, and "limits.disk" of project "${project}" leaves ${room}. Raise the limit, or make what is there smaller.`,
      );
  }

  #claim(project: string, claimed: Members): Disposable {
    const claims = this.#claims.get(project) ?? new Set();
    this.#claims.set(project, claims.add(claimed));
    return {
      [Symbol.dispose]: () => {
        claims.delete(claimed);
        if (claims.size === 0 && this.#claims.get(project) === claims) this.#claims.delete(project);
      },
    };
  }

  #claimed(project: string): Members {
    return [...(this.#claims.get(project) ?? [])].reduce(together, { instances: [], volumes: [] });
  }

  /** Whether the projects that see a profile allow what it and their instances come to. @throws ApiError BAD_REQUEST */
  allowProfile(next: NextProfile, isNew: boolean): void {
    const { projectContents } = this.home;
    for (const record of this.#store.list()) {
      if (!isBounded(record) || this.homeOf("profiles", record.name) !== next.project) continue;
      within(`Failed checking if profile ${isNew ? "creation" : "update"} allowed`, () => {
        const instances = projectContents.instances(record.name, next);
        const members = { instances, volumes: projectContents.volumes(record.name) };
        checkAggregates(record, together(members, this.#claimed(record.name)));
        for (const member of instances) checkRestrictions(record, "container", member);
        if (record.name === next.project) checkRestrictions(record, "profile", next);
      });
    }
  }

  /** Whether who is in a project may see and use a network, or an interface of the host. @throws ApiError NOT_FOUND */
  allowsNetwork(project: string, network: string, isManaged: boolean): boolean {
    return allowsNetwork(this.record(project), network, isManaged);
  }

  /** The folder of the host that the source of a disk must lie in, if any (restrictions.ts). @throws ApiError NOT_FOUND, BAD_REQUEST */
  folderOfDisk(project: string, device: string, source: string): string | undefined {
    return requiredFolder(this.record(project), device, source);
  }

  /** @throws ApiError BAD_REQUEST */
  allowSnapshot(project: string): void {
    checkSnapshot(this.record(project));
  }

  /** @throws ApiError BAD_REQUEST */
  allowBackup(project: string): void {
    checkBackup(this.record(project));
  }

  #render(record: ProjectRecord): Project {
    return { ...record, used_by: [...this.home.projectContents.urls(record.name)] };
  }
}

/** Says before an error what was being checked. */
function within(what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (ApiError.is(error)) throw new ApiError(error.code, `${what}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Most projects limit and restrict nothing. */
const isBounded = ({ config }: ProjectRecord): boolean =>
  Object.keys(config).some((key) => key.startsWith("limits.") || key === "restricted");
