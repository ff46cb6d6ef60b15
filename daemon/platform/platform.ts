/** Platform: what every kind stands on. A kind adds the narrow ports that it needs of other kinds in a home.ts of its own. */
import type { Damages } from "./damage/damages";
import type { Database } from "./database/database";
import type { Events } from "./events";
import type { Dirs } from "./folders/dirs";
import type { Locks } from "./locks";
import type { Log } from "./log";
import type { Native } from "./native/index";
import type { Operations } from "./operations";
import type { WarningPort } from "./warning/port";

export interface Platform {
  readonly dirs: Dirs;
  readonly log: Log;
  readonly database: Database;
  readonly warnings: WarningPort;
  readonly damages: Damages;
  readonly events: Events;
  readonly operations: Operations;
  readonly locks: Locks;
  readonly native: Native;
}
