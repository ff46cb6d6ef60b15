/** References: who uses an object is one indexed question. Whoever refers to something says so whenever it is written. */
import type { Database } from "../../platform/database/database";
import { lockKeyOf, type Ref } from "../ref";
import { type Reference, ReferenceStore } from "./store";

const keyOf = ({ owner, target }: Reference): string =>
  JSON.stringify([owner.kind, owner.project, owner.parent ?? "", owner.name, lockKeyOf(target)]);

export class References {
  readonly #store: ReferenceStore;

  constructor(private readonly database: Database) {
    this.#store = new ReferenceStore(database);
  }

  /** Says what an object refers to, in place of what it referred to before. Within the transaction that writes the object. */
  say(owner: Ref, targets: readonly Ref[]): void {
    this.#bring(
      this.#store.of(owner),
      targets.map((target) => ({ owner, target })),
    );
  }

  /** The object is gone, or has another name. */
  forget(owner: Ref): void {
    this.say(owner, []);
  }

  /** Who refers to an object, by kind and name. */
  to(target: Ref): Ref[] {
    return this.#store.to(target);
  }

  /** Brings all rows in line with what the objects say, as after an upgrade or when something was damaged. @param said of all objects */
  settle(said: readonly Reference[]): void {
    this.#bring(this.#store.all(), said);
  }

  /** Writes what differs, and nothing where nothing does: a full disk takes no change. */
  #bring(have: readonly Reference[], wanted: readonly Reference[]): void {
    const had = new Map(have.map((one) => [keyOf(one), one]));
    const wants = new Map(wanted.map((one) => [keyOf(one), one]));
    const gone = [...had].filter(([key]) => !wants.has(key));
    const come = [...wants].filter(([key]) => !had.has(key));
    if (gone.length + come.length === 0) return;
    this.database.transaction(() => {
      for (const [, one] of gone) this.#store.delete(one);
      for (const [, one] of come) this.#store.insert(one);
    });
  }
}
