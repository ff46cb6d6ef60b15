/** Network zones: their rules. What is in one beside its records follows from the networks (content.ts). */
import { sameDnsName } from "../../../sdk/api/dns-name";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import {
  type NetworkZone,
  type NetworkZonePut,
  type NetworkZonesPost,
  networkZoneKind,
} from "../../../sdk/api/network-zone";
import { hasServer } from "../../core/access";
import type { Call } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import { ref, urlOf } from "../../core/ref";
import { requireConfig } from "../../core/validate";
import type { NetworkZoneHome } from "./home";
import { withoutKeys } from "./peers";
import { ZoneRecords } from "./records";
import { NetworkZoneStore, type ZoneRow } from "./store";

export class NetworkZoneService {
  readonly store: NetworkZoneStore;

  constructor(private readonly home: NetworkZoneHome) {
    this.store = new NetworkZoneStore(home.database);
  }

  list(call: Call): NetworkZone[] {
    return this.store.list().map((zone) => this.#shown(call, zone));
  }

  /** @throws ApiError NOT_FOUND */
  get(call: Call, name: string): NetworkZone {
    return this.#shown(call, this.#zone(name));
  }

  /** Whether there is a zone of that name. */
  has(name: string): boolean {
    return this.store.find(name) !== undefined;
  }

  /** The records of a zone. @throws ApiError NOT_FOUND */
  records(zone: string): ZoneRecords {
    return new ZoneRecords(this.store, this.#zone(zone).name);
  }

  create({ isDryRun }: Call, post: NetworkZonesPost): void {
    if (this.store.list().some(({ name }) => sameDnsName(name, post.name)))
      throw conflict("The network zone already exists");
    const zone = { ...post, ...checked(post) };
    if (!isDryRun) this.store.insert(zone);
  }

  update(_call: Call, name: string, put: NetworkZonePut): void {
    this.store.update({ ...this.#zone(name), ...checked(put) });
  }

  /** @throws ApiError BAD_REQUEST when a network uses it */
  delete(_call: Call, name: string): void {
    this.#zone(name);
    if (this.#usersOf(name).length > 0) throw badRequest("Cannot delete a zone that is in use");
    this.store.delete(name);
  }

  #usersOf(name: string): string[] {
    return this.home.references.to(ref("network-zone", name)).map(urlOf);
  }

  /** Keys of peers are for those who have the server: they open the zone to whoever knows them. */
  #shown(call: Call, { config, ...zone }: ZoneRow): NetworkZone {
    return { ...zone, config: hasServer(call) ? config : withoutKeys(config), used_by: this.#usersOf(zone.name) };
  }

  #zone(name: string): ZoneRow {
    const zone = this.store.find(name);
    if (zone === undefined) throw notFound("Network zone not found");
    return zone;
  }
}

function checked({ description, config }: NetworkZonePut): NetworkZonePut {
  requireConfig(networkZoneKind.keys?.table ?? {}, config);
  return { description, config: withoutEmpty(config) };
}
