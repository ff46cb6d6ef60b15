/** Platform for tests of single kinds: the real database, locks, events and warnings on a state folder; bothy-cell is left to the test. */
import path from "node:path";
import { Changes } from "../../daemon/core/changes";
import { References } from "../../daemon/core/references/references";
import { referenceSchema } from "../../daemon/core/references/store";
import { Warnings } from "../../daemon/kinds/warning/service";
import { Damages } from "../../daemon/platform/damage/damages";
import { DamageStore } from "../../daemon/platform/damage/store";
import { Database, type Schema } from "../../daemon/platform/database/database";
import { Events, type LifecycleEvent } from "../../daemon/platform/events";
import { Dirs } from "../../daemon/platform/folders/dirs";
import { Locks } from "../../daemon/platform/locks";
import { Log } from "../../daemon/platform/log";
import type { Native } from "../../daemon/platform/native/index";
import { Operations } from "../../daemon/platform/operations";
import type { Platform } from "../../daemon/platform/platform";
import { fakeNative } from "./fake-native";

export interface TestPlatform extends Platform {
  readonly warnings: Warnings;
  readonly changes: Changes;
  readonly references: References;
  /** Lifecycle events so far. */
  readonly told: LifecycleEvent[];
}

/** @param native the calls of bothy-cell that the test needs; any other is an error */
export function testPlatform(state: string, schemas: readonly Schema[], native: Partial<Native>): TestPlatform {
  const dirs = new Dirs(state);
  dirs.make();
  const log = new Log(path.join(state, "log"));
  const database = new Database(dirs.database, [...new Set([...schemas, referenceSchema])]);
  const warnings = new Warnings(log);
  const damages = new Damages(new DamageStore(database), warnings, log);
  const events = new Events(log);
  const told: LifecycleEvent[] = [];
  events.onLifecycle((event) => told.push(event));
  const locks = new Locks();
  const operations = new Operations(events, log);
  const changes = new Changes({ events, locks, operations });
  const all = {
    dirs,
    log,
    database,
    warnings,
    damages,
    events,
    locks,
    operations,
    changes,
    told,
    references: new References(database),
  };
  return { ...all, native: fakeNative(native) };
}
