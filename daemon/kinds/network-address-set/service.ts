/** Network address sets: their addresses, and the ACLs that name them. */
import { isDeepStrictEqual } from "node:util";
import { networkAddressSetKeys } from "../../../sdk/api/config/network-address-set";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import {
  addressesReason,
  type NetworkAddressSet,
  type NetworkAddressSetPut,
  type NetworkAddressSetsPost,
} from "../../../sdk/api/network-address-set";
import { type Call, defaultProject } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import { ref, urlOf } from "../../core/ref";
import { requireConfig } from "../../core/validate";
import type { NetworkAddressSetHome } from "./home";
import { type NetworkAddressSetRecord, NetworkAddressSetStore } from "./store";

export class NetworkAddressSetService {
  readonly #store: NetworkAddressSetStore;

  constructor(private readonly home: NetworkAddressSetHome) {
    this.#store = new NetworkAddressSetStore(home.database);
  }

  list(): NetworkAddressSet[] {
    return this.#store.list().map((record) => this.#render(record));
  }

  /** @throws ApiError NOT_FOUND */
  get(_call: Call, name: string): NetworkAddressSet {
    return this.#render(this.#record(name));
  }

  /** The addresses of a set as they are now; nothing where there is no such set. */
  addressesOf(name: string): readonly string[] | undefined {
    return this.#store.find(name)?.addresses;
  }

  /** @throws ApiError CONFLICT for a taken name, BAD_REQUEST that names the address which is none */
  async create({ isDryRun }: Call, post: NetworkAddressSetsPost): Promise<void> {
    if (this.#store.find(post.name) !== undefined) throw conflict("The network address set already exists");
    const set = { name: post.name, ...checked(post) };
    if (isDryRun) return;
    // Rules may name one already, which was damaged.
    await this.#change(post.name, {
      make: () => this.#store.insert(set),
      takeBack: () => this.#store.delete(set.name),
    });
  }

  /** Replaces the mutable part, and applies it where ACLs name the set; where one network cannot follow, all stay as they were. */
  async update(_call: Call, name: string, put: NetworkAddressSetPut): Promise<void> {
    const before = this.#record(name);
    const after = { ...before, ...checked(put) };
    if (isDeepStrictEqual(before.addresses, after.addresses)) return this.#store.update(after);
    await this.#change(name, { make: () => this.#store.update(after), takeBack: () => this.#store.update(before) });
  }

  async #change(name: string, change: { make(): void; takeBack(): void }): Promise<void> {
    const acls = this.#usersOf(name).map((acl) => acl.name);
    await this.home.aclNetworks.change(acls, change);
  }

  /** @throws ApiError BAD_REQUEST when an ACL names it */
  rename(_call: Call, from: string, to: string): void {
    this.#record(from);
    if (this.#store.find(to) !== undefined) throw conflict(`Address set by that name: ${to} exists already`);
    this.#requireUnused(from, "rename");
    this.#store.rename(from, to);
  }

  /** @throws ApiError BAD_REQUEST when an ACL names it */
  delete(_call: Call, name: string): void {
    this.#record(name);
    this.#requireUnused(name, "delete");
    this.#store.delete(name);
  }

  #record(name: string): NetworkAddressSetRecord {
    const record = this.#store.find(name);
    if (record === undefined) throw notFound("Network address set not found");
    return record;
  }

  #requireUnused(name: string, verb: string): void {
    const users = this.#usersOf(name).map((acl) => `"${acl.name}"`);
    if (users.length > 0)
      throw badRequest(
        `Cannot ${verb} address set that is in use: rules of ${users.join(", ")} name it. Take "$${name}" from them first.`,
      );
  }

  #usersOf(name: string) {
    return this.home.references.to(ref("network-address-set", name));
  }

  #render(record: NetworkAddressSetRecord): NetworkAddressSet {
    return {
      ...record,
      addresses: [...record.addresses],
      used_by: this.#usersOf(record.name).map(urlOf),
      project: defaultProject,
    };
  }
}

/** @throws ApiError BAD_REQUEST that names the key or the address */
function checked(put: NetworkAddressSetPut): Omit<NetworkAddressSetRecord, "name"> {
  requireConfig(networkAddressSetKeys, put.config, ["user."]);
  const addresses = put.addresses.map((address) => address.trim());
  const reason = addressesReason(addresses);
  if (reason !== undefined) throw badRequest(`Invalid addresses: ${reason}`);
  return { description: put.description, config: withoutEmpty(put.config), addresses };
}
