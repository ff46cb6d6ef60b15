/** Records of one network zone. */
import { dnsNameReason, sameDnsName } from "../../../sdk/api/dns-name";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import {
  type NetworkZoneRecord,
  type NetworkZoneRecordPut,
  type NetworkZoneRecordsPost,
  networkZoneRecordKind,
} from "../../../sdk/api/network-zone-record";
import type { Call } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import { requireConfig } from "../../core/validate";
import { ownerOf, requireEntries } from "./entries";
import type { NetworkZoneStore, RecordRow } from "./store";

export class ZoneRecords {
  constructor(
    private readonly store: NetworkZoneStore,
    private readonly zone: string,
  ) {}

  list(): NetworkZoneRecord[] {
    return this.store.records(this.zone).map(shown);
  }

  /** @throws ApiError NOT_FOUND */
  get(_call: Call, name: string): NetworkZoneRecord {
    return shown(this.#record(name));
  }

  create({ isDryRun }: Call, post: NetworkZoneRecordsPost): void {
    const reason = dnsNameReason(ownerOf(this.zone, post.name));
    if (reason !== undefined) throw badRequest(`Invalid record name "${post.name}" in zone "${this.zone}": ${reason}.`);
    const after = { name: post.name, zone: this.zone, ...checked(post) };
    if (this.store.records(this.zone).some(({ name }) => sameDnsName(name, post.name)))
      throw conflict("The network zone record already exists");
    if (!isDryRun) this.store.insertRecord(after);
  }

  update(_call: Call, name: string, put: NetworkZoneRecordPut): void {
    this.store.updateRecord({ ...this.#record(name), ...checked(put) });
  }

  delete(_call: Call, name: string): void {
    this.#record(name);
    this.store.deleteRecord(this.zone, name);
  }

  #record(name: string): RecordRow {
    const record = this.store.findRecord(this.zone, name);
    if (record === undefined) throw notFound("Network zone record not found");
    return record;
  }
}

const shown = ({ name, description, config, entries }: RecordRow): NetworkZoneRecord => ({
  name,
  description,
  config,
  entries: [...entries],
});

function checked({ description, config, entries }: NetworkZoneRecordPut): NetworkZoneRecordPut {
  requireConfig(networkZoneRecordKind.keys?.table ?? {}, config);
  requireEntries(entries);
  // As LXD has it: a time that says nothing is not shown.
  const kept = entries.map(({ ttl, ...entry }) => (ttl ? { ...entry, ttl } : entry));
  return { description, config: withoutEmpty(config), entries: kept };
}
