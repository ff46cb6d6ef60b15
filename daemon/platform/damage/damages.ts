/**
 * Damage: rows of the database that cannot be read as they are keep nobody from starting. A damaged row is copied aside as it was (table
 * damaged_rows, docs/database.md); what stays in its place is what can be read, until somebody writes the object anew.
 */
import { badRequest } from "../../../sdk/api/errors";
import type { Schema } from "../database/database";
import type { LifecycleEvent } from "../events";
import type { Log } from "../log";
import { formerUrl } from "../object-url";
import type { WarningPort } from "../warning/port";
import type { Damage, DamageStore } from "./store";

export class Damages {
  readonly #open = new Map<string, Damage>();

  constructor(
    private readonly store: DamageStore,
    private readonly warnings: WarningPort,
    private readonly log: Log,
  ) {}

  /** Looks through the tables of every kind. Never throws. */
  lookThrough(schemas: readonly Schema[]): void {
    for (const rules of schemas.flatMap(({ tables }) => tables ?? []))
      try {
        this.store.lookThrough(rules);
      } catch (error) {
        this.log.error(`Cannot look through the table "${rules.table}"`, { error });
      }
    for (const damage of this.store.listOpen()) {
      this.#open.set(damage.url, damage);
      const message = `The row in table "${damage.table}" could not be read (${damage.columns}). What can be read of it is used; the row as it was is in the table damaged_rows`;
      this.warnings.record("objectDamaged", { message, entity: damage.url });
    }
  }

  /** Whether an object's settings are not those that were stored. @param url such as "/1.0/instances/web" */
  has(url: string): boolean {
    return this.#open.has(url);
  }

  /** @param object such as 'start instance "web"' @throws ApiError BAD_REQUEST when the object is damaged */
  requireNone(url: string, object: string): void {
    const damage = this.#open.get(url);
    if (damage !== undefined)
      throw badRequest(
        `Cannot ${object}: what was stored of "${url}" is damaged (${damage.columns}). Look at what is left of it and write it anew, or delete it.`,
      );
  }

  /** An object that is written anew or deleted is damaged no more; a renamed one still is. */
  follow({ action, source, context }: LifecycleEvent): void {
    const [, change] = /-(updated|restored|deleted|renamed)$/.exec(action) ?? [];
    const old = String(context?.old_name ?? "");
    const from = change === "renamed" ? formerUrl(source, old) : source;
    const damage = this.#open.get(from);
    if (change === undefined || damage === undefined) return;
    this.#open.delete(from);
    if (change === "renamed") {
      this.#open.set(source, { ...damage, url: source });
      this.store.rename(from, source);
    } else {
      this.store.close(from);
      this.warnings.resolve("objectDamaged", from);
    }
  }
}
