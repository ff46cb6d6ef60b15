/** Network ACLs: their rules, and who follows a change of them. */
import { networkAclKeys } from "../../../sdk/api/config/network-acl";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { NetworkAcl, NetworkAclPut, NetworkAclsPost } from "../../../sdk/api/network-acl";
import {
  type AclDirection,
  NetworkAclRule,
  normalRule,
  rulesReason,
  setOf,
  wordsOf,
} from "../../../sdk/api/network-acl-rule";
import type { Call } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import { ref, urlOf } from "../../core/ref";
import type { Reference } from "../../core/references/store";
import { requireConfig } from "../../core/validate";
import type { NetworkAclHome } from "./home";
import { aclLog } from "./log";
import { type NetworkAclRecord, NetworkAclStore } from "./store";

export class NetworkAclService {
  readonly #store: NetworkAclStore;

  constructor(private readonly home: NetworkAclHome) {
    this.#store = new NetworkAclStore(home.database, home.references);
  }

  /** All that rules of ACLs refer to. */
  said(): Reference[] {
    return this.#store.said();
  }

  list(): NetworkAcl[] {
    return this.#store.list().map((record) => this.#render(record));
  }

  /** @throws ApiError NOT_FOUND */
  get(_call: Call, name: string): NetworkAcl {
    return this.#render(this.#record(name));
  }

  /** The stored ACL, without who uses it. */
  find(name: string): NetworkAclRecord | undefined {
    return this.#store.find(name);
  }

  /** What its logged rules have told. @throws ApiError NOT_FOUND */
  log(name: string): string {
    return aclLog(this.#record(name));
  }

  /** @throws ApiError CONFLICT for a taken name, BAD_REQUEST that names the rule which is none */
  async create({ isDryRun }: Call, post: NetworkAclsPost): Promise<void> {
    if (this.#store.find(post.name) !== undefined) throw conflict("The network ACL already exists");
    const acl = { name: post.name, ...this.#checked(post) };
    if (isDryRun) return;
    // Networks and nics may have one of the name already, which was damaged.
    await this.home.aclNetworks.change([post.name], {
      make: () => this.#store.insert(acl),
      takeBack: () => this.#store.delete(acl.name),
    });
  }

  /** Replaces the mutable part, and applies it to the traffic of each network and nic that has it; where one cannot follow, all stay as they were. */
  async update(_call: Call, name: string, put: NetworkAclPut): Promise<void> {
    const before = this.#record(name);
    const after = { ...before, ...this.#checked(put) };
    await this.home.aclNetworks.change([name], {
      make: () => this.#store.update(after),
      takeBack: () => this.#store.update(before),
    });
  }

  /** @throws ApiError BAD_REQUEST when a network or a nic has it */
  rename(_call: Call, from: string, to: string): void {
    this.#record(from);
    if (this.#store.find(to) !== undefined) throw conflict("An ACL by that name exists already");
    this.#requireUnused(from, "rename");
    this.#store.rename(from, to);
  }

  /** @throws ApiError BAD_REQUEST when a network or a nic has it */
  delete(_call: Call, name: string): void {
    this.#record(name);
    this.#requireUnused(name, "delete");
    this.#store.delete(name);
  }

  /** @throws ApiError BAD_REQUEST that names the key or the rule */
  #checked(put: NetworkAclPut): Omit<NetworkAclRecord, "name"> {
    requireConfig(networkAclKeys, put.config, ["user."]);
    // A PATCH has the rules that it leaves alone as they are shown.
    const whole = (rule: Partial<NetworkAclRule>) => normalRule(NetworkAclRule.parse(rule));
    const [ingress, egress] = [put.ingress.map(whole), put.egress.map(whole)];
    const reason = rulesReason("ingress", ingress) ?? rulesReason("egress", egress);
    if (reason !== undefined) throw badRequest(reason);
    this.#requireSets({ ingress, egress });
    return { description: put.description, config: withoutEmpty(put.config), ingress, egress };
  }

  #requireSets(rules: Readonly<Record<AclDirection, readonly NetworkAclRule[]>>): void {
    for (const direction of ["ingress", "egress"] as const)
      for (const [index, { source, destination }] of rules[direction].entries())
        for (const [side, words] of Object.entries({ Source: wordsOf(source), Destination: wordsOf(destination) }))
          for (const set of words.flatMap((word) => setOf(word) ?? []))
            if (this.home.networkAddressSets.addressesOf(set) === undefined)
              throw badRequest(
                `Invalid ${direction} rule ${index}: Invalid ${side}: Network address set "${set}" does not exist. Make it first.`,
              );
  }

  #record(name: string): NetworkAclRecord {
    const record = this.#store.find(name);
    if (record === undefined) throw notFound("Network ACL not found");
    return record;
  }

  #requireUnused(name: string, verb: string): void {
    const users = this.#usersOf(name).map((user) => `${user.kind} "${user.name}"`);
    if (users.length > 0)
      throw badRequest(
        `Cannot ${verb} an ACL that is in use: ${users.join(", ")} has it. Take "${name}" from security.acls there first.`,
      );
  }

  #usersOf(name: string) {
    return this.home.references.to(ref("network-acl", name));
  }

  #render({ name, description, config, ...rules }: NetworkAclRecord): NetworkAcl {
    return {
      name,
      description,
      egress: rules.egress.map(shownRule),
      ingress: rules.ingress.map(shownRule),
      config,
      used_by: this.#usersOf(name).map(urlOf),
    };
  }
}

/** What is empty is left out, as in LXD. */
const shownRule = (rule: NetworkAclRule): Partial<NetworkAclRule> =>
  Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== ""));
