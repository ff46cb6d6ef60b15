/** Projects in the database. They are asked for with every request and every instance, so they are kept in memory as well. */
import { type Config, ProjectName } from "../../../sdk/api/common";
import type { ProjectsPost } from "../../../sdk/api/project";
import { ref, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, name } from "../../platform/database/rules";
import { allFeatures } from "./features";

export const projectSchema: Schema = {
  kind: "project",
  versions: [
    `CREATE TABLE projects (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      config TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "projects",
      url: (row) => urlOf(ref("project", String(row.name))),
      columns: {
        name: name((value) => ProjectName.safeParse(value).success),
        // Without features it would lose sight of what it has.
        config: { isGood: config.isGood, mend: (value) => withFeatures(config.mend?.(value)) },
      },
    },
  ],
};

const withFeatures = (mended: unknown): string =>
  JSON.stringify({ ...allFeatures, ...(JSON.parse(String(mended)) as Config) });

export type ProjectRecord = ProjectsPost;

export class ProjectStore {
  #all: ReadonlyMap<string, ProjectRecord> | undefined;

  constructor(private readonly database: Database) {}

  #read(): ReadonlyMap<string, ProjectRecord> {
    const rows = this.database.all("SELECT * FROM projects ORDER BY name").map(fromRow);
    return new Map(rows.map((record) => [record.name, record]));
  }

  list(): ProjectRecord[] {
    this.#all ??= this.#read();
    return [...this.#all.values()];
  }

  find(name: string): ProjectRecord | undefined {
    this.#all ??= this.#read();
    return this.#all.get(name);
  }

  /** Runs changes of projects, and of what changes with them, as one. */
  change(work: () => void): void {
    try {
      this.database.transaction(work);
    } finally {
      this.#all = undefined;
    }
  }

  /** Within `change`. */
  insert(record: ProjectRecord): void {
    this.#all = undefined;
    const sql = "INSERT INTO projects (name, description, config) VALUES (?, ?, ?)";
    this.database.run(sql, record.name, record.description, JSON.stringify(record.config));
  }

  /** Within `change`. */
  update(record: ProjectRecord): void {
    this.#all = undefined;
    const sql = "UPDATE projects SET description = ?, config = ? WHERE name = ?";
    this.database.run(sql, record.description, JSON.stringify(record.config), record.name);
  }

  /** Within `change`. */
  rename(from: string, to: string): void {
    this.#all = undefined;
    this.database.run("UPDATE projects SET name = ? WHERE name = ?", to, from);
  }

  /** Within `change`. */
  delete(name: string): void {
    this.#all = undefined;
    this.database.run("DELETE FROM projects WHERE name = ?", name);
  }
}

const fromRow = (row: Row): ProjectRecord => ({
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
});
