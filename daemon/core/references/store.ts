/** References in the database: who refers to what, a row each. They follow from what the objects say, and are made again from it at each start. */
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import type { Ref, RefKind } from "../ref";

export const referenceSchema: Schema = {
  kind: "reference",
  versions: [
    `CREATE TABLE object_references (
      owner_kind TEXT NOT NULL,
      owner_project TEXT NOT NULL,
      owner_parent TEXT NOT NULL,
      owner_name TEXT NOT NULL,
      target_kind TEXT NOT NULL,
      target_project TEXT NOT NULL,
      target_name TEXT NOT NULL,
      PRIMARY KEY (owner_kind, owner_project, owner_parent, owner_name, target_kind, target_project, target_name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX object_references_target ON object_references (target_kind, target_project, target_name)`,
    // Every row is made again at the start.
    `DROP TABLE object_references;
    CREATE TABLE object_references (
      owner_kind TEXT NOT NULL,
      owner_project TEXT NOT NULL,
      owner_parent TEXT NOT NULL,
      owner_name TEXT NOT NULL,
      target_kind TEXT NOT NULL,
      target_project TEXT NOT NULL,
      target_parent TEXT NOT NULL,
      target_name TEXT NOT NULL,
      PRIMARY KEY (owner_kind, owner_project, owner_parent, owner_name, target_kind, target_project, target_parent, target_name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX object_references_target ON object_references (target_kind, target_project, target_parent, target_name)`,
  ],
};

export interface Reference {
  readonly owner: Ref;
  readonly target: Ref;
}

const ownerColumns = "owner_kind, owner_project, owner_parent, owner_name";
const isOwner = "owner_kind = ? AND owner_project = ? AND owner_parent = ? AND owner_name = ?";
const isTarget = "target_kind = ? AND target_project = ? AND target_parent = ? AND target_name = ?";

const ownerKey = ({ kind, project, parent = "", name }: Ref) => [kind, project, parent, name] as const;
const targetKey = ownerKey;

export class ReferenceStore {
  constructor(private readonly database: Database) {}

  all(): Reference[] {
    return this.database.all("SELECT * FROM object_references").map(fromRow);
  }

  of(owner: Ref): Reference[] {
    return this.database.all(`SELECT * FROM object_references WHERE ${isOwner}`, ...ownerKey(owner)).map(fromRow);
  }

  /** The owners alone: thousands may refer to one object, and lists ask for many. */
  to(target: Ref): Ref[] {
    const sql = `SELECT ${ownerColumns} FROM object_references WHERE ${isTarget} ORDER BY owner_kind, owner_project, owner_name`;
    return this.database.all(sql, ...targetKey(target)).map(ownerIn);
  }

  insert({ owner, target }: Reference): void {
    this.database.run(
      "INSERT OR IGNORE INTO object_references VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...ownerKey(owner),
      ...targetKey(target),
    );
  }

  delete({ owner, target }: Reference): void {
    const sql = `DELETE FROM object_references WHERE ${isOwner} AND ${isTarget}`;
    this.database.run(sql, ...ownerKey(owner), ...targetKey(target));
  }
}

const ownerIn = (row: Row): Ref => ({
  kind: String(row.owner_kind) as RefKind,
  project: String(row.owner_project),
  name: String(row.owner_name),
  ...(row.owner_parent === "" ? {} : { parent: String(row.owner_parent) }),
});

const fromRow = (row: Row): Reference => ({
  owner: ownerIn(row),
  target: {
    kind: String(row.target_kind) as RefKind,
    project: String(row.target_project),
    name: String(row.target_name),
    ...(row.target_parent === "" ? {} : { parent: String(row.target_parent) }),
  },
});
