/** Networks: their rules, and what nics ask of them. */

import { rename, rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../../sdk/api/common";
import { lxdNetworkKeys } from "../../../sdk/api/config/lxd-words";
import { networkKeys } from "../../../sdk/api/config/network";
import { foreignKeys } from "../../../sdk/api/config/network-parent";
import { ApiError, badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Network, NetworkLease, NetworkPut, NetworkState, NetworksPost } from "../../../sdk/api/network";
import { type Call, defaultProject, ownCall } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import type { Reference } from "../../core/references/store";
import { Revert } from "../../core/revert";
import { requireConfig } from "../../core/validate";
import { toApiError } from "../../platform/errors";
import { type AclChange, changeAcls } from "./acl/change";
import { aclInForce } from "./acl/in-force";
import { networksWithAcls } from "./acl/usage";
import type { NetworkDriver, NetworkHost, NetworkPlace } from "./driver";
import { BridgeDriver } from "./drivers/bridge";
import { ParentDriver } from "./drivers/parent";
import { egressLog } from "./egress/log";
import { fixedOf } from "./fixed-options";
import { NetworkForwards } from "./forward/service";
import type { NetworkHome } from "./home";
import { HostPolicy } from "./host-policy/watch";
import { findLink, findLinkSoon, isPort, listLinks, stateOf, unmanagedNetwork } from "./link";
import { NetworkNics, type ServedNetwork } from "./nics";
import { NetworkStartUp } from "./start-up";
import { aclsOf, type NetworkRecord, NetworkStore } from "./store";
import { isNicOf, usedBy } from "./usage";
import { requireZones } from "./zones";

/** Subnets are planned one after the other, so that two networks cannot pick the same. */
const planLock = "networks/plan";

export class NetworkService {
  readonly #store: NetworkStore;
  readonly #drivers: Readonly<Record<string, NetworkDriver>>;
  readonly nics: NetworkNics;
  readonly forwards: NetworkForwards;
  readonly #startUp: NetworkStartUp;
  readonly #hostPolicy: HostPolicy;

  constructor(
    private readonly home: NetworkHome,
    drivers: readonly NetworkDriver[] = [
      new BridgeDriver(home),
      new ParentDriver("macvlan"),
      new ParentDriver("physical"),
      new ParentDriver("sriov"),
    ],
  ) {
    this.#store = new NetworkStore(home.database, home.references);
    this.#drivers = Object.fromEntries(drivers.map((driver) => [driver.type, driver]));
    this.nics = new NetworkNics(home, {
      find: (name) => this.#served(this.#store.find(name)),
      list: () => this.#store.list().flatMap((record) => this.#served(record) ?? []),
    });
    this.forwards = new NetworkForwards(home, {
      records: () => this.#store.list(),
      allowed: (call, name) => {
        this.requireAllowed(call, name);
        return this.record(name);
      },
      applyForwards: async (name, forwards) => {
        const record = this.record(name);
        // One that is down has them when it starts.
        if (!this.#startUp.hasFailed(name))
          await this.#driver(record.type).applyRules({ ...this.#place(record), forwards });
      },
      planned: (work) => home.locks.run(planLock, work),
    });
    this.#hostPolicy = new HostPolicy(home, () => this.#store.list());
    this.#startUp = new NetworkStartUp(home, {
      store: this.#store,
      nics: this.nics,
      drivers: () => Object.values(this.#drivers),
      driverOf: (type) => this.#driver(type),
      placeOf: (record) => this.#place(record),
    });
  }

  /** The stored networks, without who uses them. */
  records(): NetworkRecord[] {
    return this.#store.list();
  }

  /** Managed networks and, as LXD lists them, the host's other interfaces: those that the project of who calls may use. */
  async list(call: Call): Promise<Network[]> {
    const managed = this.#store.list().map((record) => this.#render(record));
    const names = new Set(managed.map(({ name }) => name));
    const links = (await listLinks()).filter((link) => !names.has(link.ifname) && !isPort(link));
    const all = [...managed, ...links.map((link) => unmanagedNetwork(link, usedBy(this.home.references, link.ifname)))];
    return all.filter((network) => this.home.projects.allowsNetwork(call.project, network.name, network.managed));
  }

  /** @throws ApiError NOT_FOUND for a network, or an interface of the host, that the project of who calls may not use */
  requireAllowed({ project }: Call, name: string): void {
    if (!this.home.projects.allowsNetwork(project, name, this.#store.find(name) !== undefined))
      throw notFound("Network not found");
  }

  /** A managed network. @throws ApiError NOT_FOUND */
  get(call: Call, name: string): Network {
    this.requireAllowed(call, name);
    return this.#render(this.record(name));
  }

  /** A managed network, or an interface of the host. @throws ApiError NOT_FOUND */
  async show(call: Call, name: string): Promise<Network> {
    this.requireAllowed(call, name);
    if (this.#store.find(name) !== undefined) return this.get(call, name);
    const link = await findLink(name);
    if (link === undefined) throw notFound("Network not found");
    return unmanagedNetwork(link, usedBy(this.home.references, name));
  }

  /** The stored network, without who uses it. @throws ApiError NOT_FOUND */
  record(name: string): NetworkRecord {
    const record = this.#store.find(name);
    if (record === undefined) throw notFound("Network not found");
    return record;
  }

  /** Plans, makes and stores a network. @throws ApiError CONFLICT for a taken name, BAD_REQUEST for what cannot be */
  async create(call: Call, body: NetworksPost): Promise<void> {
    if (!this.home.projects.allowsNetwork(call.project, body.name, true))
      throw new ApiError("FORBIDDEN", "Network not allowed in project");
    // lxc sends an empty type and means a bridge.
    const post = { ...body, type: body.type || "bridge" };
    requireConfig(networkKeys, post.config, lxdNetworkKeys);
    const driver = this.#driver(post.type);
    requireKeysOfType(post);
    const refuse = (missing: string, cause?: unknown) =>
      badRequest(`Cannot create network "${post.name}": ${missing}. Install it; see "bothy doctor".`, { cause });
    const missing = await driver.missingPrograms();
    if (missing !== undefined) throw refuse(missing);
    try {
      await this.home.locks.run(planLock, () => this.#make(driver, post, call.isDryRun));
    } catch (error) {
      if (toApiError(error).code !== "INTERNAL") throw error;
      // Asked only now: the kernel's answer costs more than the network does.
      const lacking = await driver.unavailable();
      throw lacking === undefined ? error : refuse(lacking, error);
    }
  }

  /** @throws ApiError BAD_REQUEST that names the missing one */
  #requireAcls(config: Config): void {
    const missing = aclsOf(config).find((name) => this.home.networkAcls.find(name) === undefined);
    if (missing !== undefined)
      throw badRequest(`Invalid value for "security.acls": network ACL "${missing}" does not exist. Make it first.`);
  }

  async #make(driver: NetworkDriver, post: NetworksPost, isDryRun = false): Promise<void> {
    await this.#requireFreeName(post.name);
    this.#requireAcls(post.config);
    this.#requireZones(post);
    const config = await driver.plan(post.name, withoutEmpty(post.config), { others: this.#store.list() });
    const record = { name: post.name, type: post.type, description: post.description, config };
    this.forwards.requireFit(record);
    if (isDryRun) return;
    await using undo = new Revert(this.home.log);
    undo.add(() => this.#remove(record));
    await driver.start(this.#place(record));
    // One may have been deleted meanwhile.
    this.#requireZones(record);
    this.#store.insert(record);
    undo.keep();
    this.#hostPolicy.look();
  }

  /** Makes the network of the first start, under the first free name of bothybr0, bothybr1, ... @returns its name */
  async createDefault(): Promise<string> {
    const taken = new Set((await this.list(ownCall())).map(({ name }) => name));
    let number = 0;
    while (taken.has(`bothybr${number}`)) number += 1;
    const name = `bothybr${number}`;
    await this.create(ownCall(), { name, type: "bridge", description: "Default Bothy network", config: {} });
    return name;
  }

  /** Replaces the mutable part and applies it at once; the address stays where the new configuration leaves it open. */
  async update(_call: Call, name: string, put: NetworkPut): Promise<void> {
    const before = this.record(name);
    requireConfig(networkKeys, put.config, lxdNetworkKeys);
    const driver = this.#driver(before.type);
    requireKeysOfType({ ...before, config: put.config });
    this.#requireSameParent(before, put.config);
    if (!this.#startUp.hasFailed(name) && changesWordsOnly(before.config, withoutEmpty(put.config)))
      return this.#store.update({ ...before, description: put.description, config: withoutEmpty(put.config) });
    await this.home.locks.run(planLock, async () => {
      this.#requireAcls(put.config);
      this.#requireZones({ name, config: put.config });
      const config = await driver.plan(name, withoutEmpty(put.config), {
        current: before.config,
        others: this.#store.list().filter((other) => other.name !== name),
      });
      const after = { ...before, description: put.description, config };
      this.#requireHostsFit(after);
      this.forwards.requireFit(after);
      await using undo = new Revert(this.home.log);
      undo.add(() => driver.start(this.#place(before), { before: after.config }));
      await driver.start(this.#place(after), { before: before.config });
      this.#requireZones(after);
      this.#store.update(after);
      this.#startUp.worksAgain(name);
      undo.keep();
      this.#hostPolicy.look();
    });
  }

  /** Makes a change of ACLs, or of what they name, and applies it wherever they count. @see changeAcls */
  changeAcls(acls: readonly string[], change: AclChange): Promise<void> {
    const networks = networksWithAcls(this.#store.list(), this.home.nicOwners, acls);
    return changeAcls(networks, change, (network) => this.#followAcls(network), this.home.log);
  }

  /** Applies the ACLs of a network as they are now. @throws ApiError when the rules cannot be loaded */
  async #followAcls(name: string): Promise<void> {
    await this.home.locks.run(planLock, async () => {
      const record = this.#store.find(name);
      // Deleted meanwhile, or one that is down: it has them when it starts.
      if (record === undefined || this.#startUp.hasFailed(name)) return;
      await this.#driver(record.type).applyRules(this.#place(record));
    });
  }

  /** All that networks refer to. */
  said(): Reference[] {
    return this.#store.said();
  }

  /** Renames an unused network with its bridge. @throws ApiError BAD_REQUEST when it is in use */
  async rename(call: Call, from: string, to: string): Promise<void> {
    this.requireAllowed(call, from);
    const before = this.record(from);
    this.#requireUnused(from);
    const driver = this.#driver(before.type);
    await this.home.locks.run(planLock, async () => {
      await this.#requireFreeName(to);
      const after = { ...before, name: to };
      const oldPlace = this.#place(before);
      // Its forwards are stored by its old name until all is done.
      const newPlace = { ...this.#place(after), forwards: oldPlace.forwards };
      await using undo = new Revert(this.home.log);
      undo.add(() => driver.start(oldPlace));
      await driver.stop(oldPlace);
      await rename(oldPlace.path, newPlace.path);
      undo.add(() => rename(newPlace.path, oldPlace.path));
      undo.add(() => driver.stop(newPlace));
      await driver.start(newPlace);
      // Somebody may have begun to use it meanwhile.
      this.#requireUnused(from);
      this.home.database.transaction(() => {
        this.#store.rename(from, to);
        this.forwards.store.moveAll(from, to);
      });
      undo.keep();
    });
  }

  /** @throws ApiError BAD_REQUEST when it is in use */
  async delete(call: Call, name: string): Promise<void> {
    this.requireAllowed(call, name);
    const record = this.record(name);
    this.#requireUnused(name);
    const forwards = this.forwards.store.list(name);
    // From here on nobody can use it; what a crash leaves behind goes at the next start.
    this.home.database.transaction(() => {
      this.forwards.store.deleteAll(name);
      this.#store.delete(name);
    });
    await using undo = new Revert(this.home.log);
    undo.add(() => {
      this.#store.insert(record);
      for (const forward of forwards) this.forwards.store.insert(forward);
    });
    await this.#remove(record);
    this.#startUp.forget(name);
    undo.keep();
  }

  /** A managed network, where there is one of the name. */
  find(name: string): NetworkRecord | undefined {
    return this.#store.find(name);
  }

  /** Whether a name, such as a nic's parent, is that of a managed network. */
  isManaged(name: string): boolean {
    return this.#store.find(name) !== undefined;
  }

  /** Refuses a nic whose fixed address the network cannot give, and nothing else. @throws ApiError BAD_REQUEST */
  checkHost(network: string, host: NetworkHost): void {
    this.nics.check(network, host);
  }

  /**
   * Makes a nic known to DHCP and DNS before its link comes up. Nics that the instance had earlier and has no more are forgotten.
   * @throws ApiError BAD_REQUEST for an address it cannot have
   */
  addHost(network: string, host: NetworkHost): Promise<void> {
    return this.nics.add(network, host);
  }

  /** Forgets a nic with its name and leases; an unknown one, or one of a network that is gone, is not an error. */
  removeHost(network: string, instance: string, device: string): Promise<void> {
    return this.nics.remove(network, instance, device);
  }

  /** Forgets all nics of an instance: it is deleted, or has another name. */
  forgetInstance(instance: string): Promise<void> {
    return this.nics.forgetInstance(instance);
  }

  /** Those of a project's instances, as in LXD, and the gateway. */
  async leases(name: string, project = defaultProject): Promise<NetworkLease[]> {
    const record = this.record(name);
    const owners = new Map(this.home.nicOwners.all().map((owner) => [owner.key, owner]));
    return this.#driver(record.type).leases(this.#place(record), (instance) => {
      const owner = owners.get(instance) ?? { project: defaultProject, name: instance };
      return owner.project === project ? owner.name : undefined;
    });
  }

  /** What lists of what may be reached have kept from instances, one JSON object a line, oldest first. @throws ApiError NOT_FOUND, INTERNAL */
  egressLog(call: Call, name: string): string {
    this.requireAllowed(call, name);
    const record = this.record(name);
    const names = this.#driver(record.type).refusedNames?.(this.#place(record)) ?? [];
    return egressLog(name, names, this.home.nicOwners.all());
  }

  /** Of a managed network or of any interface of the host. @throws ApiError NOT_FOUND */
  async state(name: string): Promise<NetworkState> {
    const record = this.#store.find(name);
    if (record !== undefined) return this.#driver(record.type).state(this.#place(record));
    const link = await findLink(name);
    if (link === undefined) throw notFound("Network not found");
    return stateOf(link);
  }

  /** Brings every network up; what still runs from before is kept. A network that cannot start is told and shown as Unavailable. */
  async startAll(): Promise<void> {
    await this.#startUp.startAll();
    this.#hostPolicy.look();
  }

  /** Takes every network down, for the shutdown of the host; leases and host entries stay. */
  stopAll(): Promise<void> {
    return this.#startUp.stopAll();
  }

  /** Lets go of what the networks' drivers watch; the networks go on. For the daemon's end. */
  async release(): Promise<void> {
    await this.#hostPolicy.release();
    await Promise.all(Object.values(this.#drivers).map((driver) => driver.release()));
  }

  async #remove(record: NetworkRecord): Promise<void> {
    const place = this.#place(record);
    // One of a type that this daemon does not have was never started by it.
    if (this.#served(record) !== undefined) await this.#driver(record.type).stop(place);
    await rm(place.path, { recursive: true, force: true });
  }

  async #requireFreeName(name: string): Promise<void> {
    if (this.#store.find(name) !== undefined) throw conflict("The network already exists");
    if ((await findLinkSoon(name)) !== undefined)
      throw conflict(
        `Cannot create network "${name}": the host has an interface of that name already. Choose another name.`,
      );
  }

  /** What containers stand on cannot be taken from under them. */
  #requireSameParent({ name, config }: NetworkRecord, after: Config): void {
    const key = (["parent", "vlan"] as const).find((key) => (config[key] ?? "") !== (after[key] ?? ""));
    if (key === undefined) return;
    const owner = this.home.nicOwners
      .all()
      .find(
        ({ key, expandedDevices }) =>
          this.home.nicOwners.isActive(key) && Object.values(expandedDevices).some((nic) => isNicOf(nic, name)),
      );
    if (owner !== undefined)
      throw badRequest(
        `Cannot change "${key}" of network "${name}": the running instance "${owner.name}" has a nic on it. Stop that one first.`,
      );
  }

  #requireZones({ name, config }: Pick<NetworkRecord, "name" | "config">): void {
    requireZones(name, config, (zone) => this.home.networkZones.has(zone));
  }

  #requireUnused(name: string): void {
    if (usedBy(this.home.references, name).length > 0) throw badRequest("The network is currently in use");
  }

  /** Fixed addresses of nics must stay possible. */
  #requireHostsFit(after: NetworkRecord): void {
    const driver = this.#driver(after.type);
    for (const use of this.home.nicOwners.all())
      for (const [device, nic] of Object.entries(use.expandedDevices))
        if (isNicOf(nic, after.name))
          driver.checkHost(this.#place(after), { instance: use.key, device, hwaddr: "", ...fixedOf(nic) });
  }

  #driver(type: string): NetworkDriver {
    const driver = Object.hasOwn(this.#drivers, type) ? this.#drivers[type] : undefined;
    if (driver === undefined)
      throw badRequest(`Unsupported network type "${type}". Supported are ${Object.keys(this.#drivers).join(", ")}.`);
    return driver;
  }

  /** One of a type that this daemon does not have serves nobody. */
  #served(record: NetworkRecord | undefined): ServedNetwork | undefined {
    const driver = record && Object.hasOwn(this.#drivers, record.type) ? this.#drivers[record.type] : undefined;
    return record && driver && { driver, place: this.#place(record) };
  }

  #place({ name, config }: NetworkRecord): NetworkPlace {
    const { networkAcls, networkAddressSets } = this.home;
    const findAddresses = (set: string) => networkAddressSets.addressesOf(set);
    const stored = { findAcl: (acl: string) => networkAcls.find(acl), findAddresses };
    const findAcl = (acl: string) => aclInForce(acl, stored);
    const { store } = this.forwards;
    return {
      name,
      config,
      acls: aclsOf(config).map(findAcl),
      findAcl,
      addressesOf: (set) => findAddresses(set) ?? [],
      // Read when rules are made: a nic that starts has the place of each network.
      get forwards() {
        return store.list(name);
      },
      path: this.home.dirs.network(name),
    };
  }

  #render(record: NetworkRecord): Network {
    return {
      ...record,
      managed: true,
      status: this.#startUp.hasFailed(record.name) ? "Unavailable" : "Created",
      locations: ["none"],
      used_by: usedBy(this.home.references, record.name),
    };
  }
}

/** @throws ApiError BAD_REQUEST that names a key which networks of the type have not */
function requireKeysOfType({ name, type, config }: Pick<NetworkRecord, "name" | "type" | "config">): void {
  const [foreign] = foreignKeys(type, config);
  if (foreign !== undefined)
    throw badRequest(
      `Invalid option for network "${name}" option "${foreign}": networks of the type "${type}" have no such key`,
    );
}

/** Whether all that changes is for people and programs: the bridge need not be touched. */
const changesWordsOnly = (before: Config, after: Config): boolean =>
  isDeepStrictEqual(withoutUserKeys(before), withoutUserKeys(after));

const withoutUserKeys = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("user.")));
