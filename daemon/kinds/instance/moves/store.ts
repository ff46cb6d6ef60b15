/** Moves between pools that are under way, so that a crash leaves no volume behind. */
import type { Database } from "../../../platform/database/database";
import type { InstanceId } from "../record";

export interface PoolMove {
  readonly instance: InstanceId;
  readonly from: string;
  readonly to: string;
}

export const moveTable = `CREATE TABLE instance_moves (
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  from_pool TEXT NOT NULL,
  to_pool TEXT NOT NULL,
  PRIMARY KEY (project, name)
) STRICT`;

export class MoveStore {
  constructor(private readonly database: Database) {}

  add({ project, name }: InstanceId, from: string, to: string): void {
    this.database.run("INSERT OR REPLACE INTO instance_moves VALUES (?, ?, ?, ?)", project, name, from, to);
  }

  list(): PoolMove[] {
    return this.database.all("SELECT * FROM instance_moves").map((row) => ({
      instance: { project: String(row.project), name: String(row.name) },
      from: String(row.from_pool),
      to: String(row.to_pool),
    }));
  }

  delete({ project, name }: InstanceId): void {
    this.database.run("DELETE FROM instance_moves WHERE project = ? AND name = ?", project, name);
  }
}
