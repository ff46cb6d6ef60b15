/** Metadata of instances that somebody has changed; the others have that of their image. */
import { InstanceMetadataPut } from "../../../../sdk/api/instance-metadata";
import type { Database } from "../../../platform/database/database";
import type { InstanceId } from "../record";

export interface KeptMetadata {
  readonly metadata: InstanceMetadataPut;
  /** Texts of the templates by their file name. */
  readonly templates: Readonly<Record<string, string>>;
}

export const metadataTable = `CREATE TABLE instance_metadata (
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  metadata TEXT NOT NULL,
  templates TEXT NOT NULL,
  PRIMARY KEY (project, name)
) STRICT`;

export class MetadataStore {
  constructor(private readonly database: Database) {}

  find({ project, name }: InstanceId): KeptMetadata | undefined {
    const row = this.database.get("SELECT * FROM instance_metadata WHERE project = ? AND name = ?", project, name);
    if (row === undefined) return undefined;
    return {
      metadata: InstanceMetadataPut.parse(JSON.parse(String(row.metadata))),
      templates: JSON.parse(String(row.templates)) as Record<string, string>,
    };
  }

  set({ project, name }: InstanceId, { metadata, templates }: KeptMetadata): void {
    this.database.run(
      "INSERT OR REPLACE INTO instance_metadata (project, name, metadata, templates) VALUES (?, ?, ?, ?)",
      project,
      name,
      JSON.stringify(metadata),
      JSON.stringify(templates),
    );
  }

  /** Follows an instance to another name or project. */
  rename(from: InstanceId, to: InstanceId): void {
    this.database.run(
      "UPDATE instance_metadata SET project = ?, name = ? WHERE project = ? AND name = ?",
      to.project,
      to.name,
      from.project,
      from.name,
    );
  }

  delete({ project, name }: InstanceId): void {
    this.database.run("DELETE FROM instance_metadata WHERE project = ? AND name = ?", project, name);
  }
}
