/**
 * Warnings: what the daemon cannot put right by itself, kept until its cause is gone, for GET /1.0/warnings.
 *
 * Any part of the daemon records one, and resolves it when the cause is gone; neither ever throws:
 *
 *     context.warnings.record("poolUnavailable", { message, entity: "/1.0/storage-pools/fast", error });
 *     context.warnings.resolve("poolUnavailable", "/1.0/storage-pools/fast");
 *
 * The kind is a row of types.ts (add one there); the severity comes from it. One kind about one entity is one warning: seen again, it
 * counts on. `record` writes the log line too. Warnings of a deleted object go with it, those of a renamed one follow. What an earlier
 * daemon saw and this one did not see during its start is resolved after it, so nobody has to resolve what each start finds out anew.
 */
import { randomUUID } from "node:crypto";
import { ApiError, badRequest, notFound } from "../../../sdk/api/errors";
import { type Warning, type WarningSeverity, WarningStatus } from "../../../sdk/api/warning";
import { toApiError } from "../../platform/errors";
import type { LifecycleEvent } from "../../platform/events";
import type { Log } from "../../platform/log";
import { formerUrl, projectOfUrl, splitUrl } from "../../platform/object-url";
import { nowText, timeText } from "../../platform/time";
import type { WarningPort, WarningSeen } from "../../platform/warning/port";
import { kindOf, type WarningKind, warningTypes } from "../../platform/warning/types";
import type { WarningRecord, WarningStore } from "./store";

/** Resolved ones stay readable this long, as LXD's do. */
const keepResolvedMs = 24 * 3600 * 1000;
/** A guest must not fill the database by what it leaves. */
const mostWarnings = 1000;
const mostMessageLength = 1000;

const weights: readonly WarningSeverity[] = ["low", "moderate", "high"];

export class Warnings implements WarningPort {
  readonly #all = new Map<string, WarningRecord>();
  /** Not in the database yet, or not gone from it: it could not be written. */
  readonly #unwritten = new Set<string>();
  #store: WarningStore | undefined;

  constructor(private readonly log: Log) {}

  /** Reads what earlier daemons left and writes there from now on; what was recorded before goes there too. */
  open(store: WarningStore): void {
    this.#store = store;
    try {
      for (const record of store.list()) if (this.#find(record.type, record.entity) === undefined) this.#put(record);
    } catch (error) {
      this.log.error("Cannot read the warnings in the database", { error });
    }
    this.#flush();
  }

  /** Takes note of something that went wrong and stays so, and logs it. Never throws. */
  record(kind: WarningKind, { message, entity = "", error }: WarningSeen): void {
    const { text, severity } = warningTypes[kind];
    const whole = error === undefined ? message : `${message}: ${toApiError(error).message}`;
    const about = { ...(entity === "" ? {} : { entity }), ...(error === undefined ? {} : { error }) };
    if (severity === "high") this.log.error(`${text}: ${shown(message)}`, about);
    else this.log.warning(`${text}: ${shown(message)}`, about);
    const now = nowText();
    const before = this.#find(text, entity);
    this.#change({
      uuid: before?.uuid ?? randomUUID(),
      type: text,
      severity,
      status: before?.status === "acknowledged" ? "acknowledged" : "new",
      message: shown(whole),
      entity,
      count: (before?.count ?? 0) + 1,
      firstSeenAt: before?.firstSeenAt ?? now,
      lastSeenAt: now,
      updatedAt: now,
    });
    this.#bound();
  }

  /** The cause is gone. Nothing to do when there is no such warning. Never throws. */
  resolve(kind: WarningKind, entity = ""): void {
    const record = this.#find(warningTypes[kind].text, entity);
    if (record !== undefined && record.status !== "resolved") this.#resolve(record);
  }

  /** After a start: what it did not see again is over. @param startedAt milliseconds since 1970 */
  resolveOlderThan(startedAt: number): void {
    for (const record of [...this.#all.values()]) {
      const kind = kindOf(record.type);
      const lasts = kind !== undefined && warningTypes[kind].lasts;
      if (!lasts && record.status !== "resolved" && record.lastSeenAt < timeText(startedAt)) this.#resolve(record);
    }
  }

  /** Keeps the warnings of an object with it: gone when it is deleted, under its new path when it is renamed. */
  follow({ action, source, context }: LifecycleEvent): void {
    if (action === "instance-started") this.resolve("autostartFailed", source);
    const [, change] = /-(deleted|renamed)$/.exec(action) ?? [];
    const old = context?.old_name;
    if (change === undefined || (change === "renamed" && typeof old !== "string")) return;
    const from = splitUrl(change === "deleted" ? source : formerUrl(source, String(old)));
    const { path, query } = splitUrl(source);
    for (const record of [...this.#all.values()]) {
      const entity = splitUrl(record.entity);
      const rest = entity.path.slice(from.path.length);
      const isInside = entity.path.startsWith(from.path) && (rest === "" || rest.startsWith("/"));
      if (!isInside || entity.query !== from.query) continue;
      if (change === "deleted") this.#drop(record.uuid);
      else this.#change({ ...record, entity: path + rest + query });
    }
  }

  /** All warnings, by id. @param project only those of a project; absent for all */
  list(project?: string): Warning[] {
    this.#forgetResolved();
    const all = [...this.#all.values()].sort((a, b) => (a.uuid < b.uuid ? -1 : 1)).map(render);
    return project === undefined ? all : all.filter((warning) => warning.project === project);
  }

  /** @throws ApiError NOT_FOUND */
  get(uuid: string): Warning {
    return render(this.#require(uuid));
  }

  /** Acknowledges a warning or makes it new again. @throws ApiError NOT_FOUND, BAD_REQUEST, FORBIDDEN for "resolved" */
  setStatus(uuid: string, wanted: string): void {
    const record = this.#require(uuid);
    const status = WarningStatus.safeParse(wanted);
    if (!status.success) throw badRequest(`Invalid warning type "${wanted}"`);
    if (status.data === "resolved") throw new ApiError("FORBIDDEN", `Status may only be set to "acknowledge" or "new"`);
    this.#change({ ...record, status: status.data, updatedAt: nowText() });
  }

  /** Removes a warning; it comes back when its cause is seen again. @throws ApiError NOT_FOUND */
  delete(uuid: string): void {
    this.#drop(this.#require(uuid).uuid);
  }

  #require(uuid: string): WarningRecord {
    this.#forgetResolved();
    const record = this.#all.get(uuid);
    if (record === undefined) throw notFound("Warning not found");
    return record;
  }

  #find(type: string, entity: string): WarningRecord | undefined {
    return [...this.#all.values()].find((record) => record.type === type && record.entity === entity);
  }

  #resolve(record: WarningRecord): void {
    this.#change({ ...record, status: "resolved", updatedAt: nowText() });
  }

  #forgetResolved(): void {
    const limit = timeText(Date.now() - keepResolvedMs);
    for (const { uuid, status, updatedAt } of [...this.#all.values()])
      if (status === "resolved" && updatedAt < limit) this.#drop(uuid);
  }

  /** Drops what is over, then what matters least and is oldest. */
  #bound(): void {
    if (this.#all.size <= mostWarnings) return;
    const rank = ({ status, severity }: WarningRecord) => (status === "resolved" ? -1 : weights.indexOf(severity));
    const [least] = [...this.#all.values()].sort((a, b) => rank(a) - rank(b) || (a.lastSeenAt < b.lastSeenAt ? -1 : 1));
    if (least !== undefined) this.#drop(least.uuid);
  }

  #put(record: WarningRecord): void {
    this.#all.set(record.uuid, record);
  }

  #change(record: WarningRecord): void {
    this.#put(record);
    this.#unwritten.add(record.uuid);
    this.#flush();
  }

  #drop(uuid: string): void {
    this.#all.delete(uuid);
    this.#unwritten.add(uuid);
    this.#flush();
  }

  /** Writes what is not in the database yet. What cannot be written stays in memory, and goes with the next change. */
  #flush(): void {
    if (this.#store === undefined) return;
    for (const uuid of [...this.#unwritten]) {
      const record = this.#all.get(uuid);
      try {
        if (record === undefined) this.#store.delete(uuid);
        else this.#store.put(record);
        this.#unwritten.delete(uuid);
      } catch (error) {
        this.log.error("Cannot keep a warning in the database", { error });
        return;
      }
    }
  }
}

/** A guest may have a part in a message, such as the name of a file: no control character, and no more than fits. */
const shown = (message: string): string => {
  const clean = message.replace(/\p{Cc}/gu, (sign) =>
    sign === "\n" ? " " : `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return clean.length > mostMessageLength ? `${clean.slice(0, mostMessageLength)} ...` : clean;
};

const render = (record: WarningRecord): Warning => ({
  uuid: record.uuid,
  status: record.status,
  severity: record.severity,
  type: record.type,
  last_message: record.message,
  count: record.count,
  first_seen_at: record.firstSeenAt,
  last_seen_at: record.lastSeenAt,
  entity_url: record.entity,
  project: record.entity === "" ? "" : projectOfUrl(record.entity),
  location: "none",
});
