/** Images and their aliases in the database. */
import type { ImageAliasEntry, ImageSource } from "../../../sdk/api/image";
import type { Database } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { findArchitecture } from "../../platform/host/architecture";
import type { TarLayout } from "./archive/check";
import type { Compression } from "./archive/compression";
import type { ImageMetadata } from "./archive/metadata";
import type { OciRuntime } from "./archive/oci-runtime";

/** How the stored files are packed, and what unpacking needs to know. */
export interface ImageFiles {
  /** The one file of a unified image, or the metadata of a split one. */
  readonly main: Compression;
  /** The root file system of a split image. */
  readonly rootfs?: Compression;
  readonly layout: TarLayout;
  /** What an image of OCI runs. */
  readonly oci?: OciRuntime;
}

/** Which image: fingerprints count within a project; the files behind one fingerprint are the same for all. */
export interface ImageId {
  readonly project: string;
  readonly fingerprint: string;
}

export interface ImageRow extends ImageId {
  readonly filename: string;
  readonly size: number;
  readonly architecture: string;
  readonly public: boolean;
  readonly autoUpdate: boolean;
  readonly properties: Readonly<Record<string, string>>;
  /** Profiles of new instances; undefined stands for "default". */
  readonly profiles: readonly string[] | undefined;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string;
  readonly uploadedAt: string;
  readonly metadata: ImageMetadata;
  readonly templates: Readonly<Record<string, string>>;
  readonly files: ImageFiles;
  /** Digest of the template that it was built from, or of the manifests of OCI that it was made of (oci/fetch.ts). */
  readonly builtFrom: string | undefined;
  /** Whether it was fetched for an instance: then it goes when nobody has used it for long. */
  readonly cached: boolean;
  /** Where it came from, and where newer ones come from. */
  readonly source: ImageSource | undefined;
}

export class ImageStore {
  constructor(private readonly database: Database) {}

  /** Those of a project, or of all. */
  list(project?: string): ImageRow[] {
    const rows = this.database.all("SELECT * FROM images ORDER BY uploaded_at, fingerprint").map(fromRow);
    return project === undefined ? rows : rows.filter((row) => row.project === project);
  }

  find({ project, fingerprint }: ImageId): ImageRow | undefined {
    const row = this.database.get("SELECT * FROM images WHERE project = ? AND fingerprint = ?", project, fingerprint);
    return row === undefined ? undefined : fromRow(row);
  }

  /** One of whichever project: the files are the same. */
  findAny(fingerprint: string): ImageRow | undefined {
    const row = this.database.get("SELECT * FROM images WHERE fingerprint = ? ORDER BY project", fingerprint);
    return row === undefined ? undefined : fromRow(row);
  }

  /** Those whose fingerprint begins so; two at most, since more tell nothing more. */
  findByPrefix(project: string, prefix: string, isPublic = false): ImageRow[] {
    const sql =
      "SELECT * FROM images WHERE project = ? AND substr(fingerprint, 1, length(?)) = ? AND public >= ? LIMIT 2";
    return this.database.all(sql, project, prefix, prefix, isPublic ? 1 : 0).map(fromRow);
  }

  /** The newest that a template gave. @param project undefined for one of whichever */
  findBuilt(project: string | undefined, digest: string): ImageRow | undefined {
    const sql = "SELECT * FROM images WHERE (?1 IS NULL OR project = ?1) AND built_from = ?2 ORDER BY uploaded_at DESC";
    const row = this.database.get(sql, project ?? null, digest);
    return row === undefined ? undefined : fromRow(row);
  }

  /** The newest that was made of a manifest of that digest, its own or that of the list it stands in (oci/fetch.ts). */
  findByOciDigest(project: string, digest: string, isPublic = false): ImageRow[] {
    const sql = `SELECT * FROM images WHERE project = ?1 AND public >= ?3 AND built_from LIKE 'oci %' AND instr(built_from, ?2) > 0
      ORDER BY uploaded_at DESC LIMIT 1`;
    return this.database.all(sql, project, digest, isPublic ? 1 : 0).map(fromRow);
  }

  insert(row: ImageRow): void {
    this.database.run(
      `INSERT INTO images (project, fingerprint, filename, size, architecture, public, auto_update, properties, profiles, created_at,
        expires_at, last_used_at, uploaded_at, metadata, templates, files, built_from, cached, source)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.project,
      row.fingerprint,
      row.filename,
      row.size,
      row.architecture,
      Number(row.public),
      Number(row.autoUpdate),
      JSON.stringify(row.properties),
      row.profiles === undefined ? null : JSON.stringify(row.profiles),
      row.createdAt,
      row.expiresAt,
      row.lastUsedAt,
      row.uploadedAt,
      JSON.stringify(row.metadata),
      JSON.stringify(row.templates),
      JSON.stringify(row.files),
      row.builtFrom ?? null,
      Number(row.cached),
      row.source === undefined ? null : JSON.stringify(row.source),
    );
  }

  /** Writes what may change of an image. */
  update(row: ImageRow): void {
    this.database.run(
      `UPDATE images SET filename = ?, public = ?, auto_update = ?, properties = ?, profiles = ?, expires_at = ?, cached = ?,
        last_used_at = ? WHERE project = ? AND fingerprint = ?`,
      row.filename,
      Number(row.public),
      Number(row.autoUpdate),
      JSON.stringify(row.properties),
      row.profiles === undefined ? null : JSON.stringify(row.profiles),
      row.expiresAt,
      Number(row.cached),
      row.lastUsedAt,
      row.project,
      row.fingerprint,
    );
  }

  setBuiltFrom({ project, fingerprint }: ImageId, digest: string): void {
    const sql = "UPDATE images SET built_from = ? WHERE project = ? AND fingerprint = ?";
    this.database.run(sql, digest, project, fingerprint);
  }

  setLastUsed({ project, fingerprint }: ImageId, at: string): void {
    this.database.run(
      "UPDATE images SET last_used_at = ? WHERE project = ? AND fingerprint = ?",
      at,
      project,
      fingerprint,
    );
  }

  /** With its aliases. */
  delete({ project, fingerprint }: ImageId): void {
    this.database.transaction(() => {
      this.database.run("DELETE FROM image_aliases WHERE project = ? AND target = ?", project, fingerprint);
      this.database.run("DELETE FROM images WHERE project = ? AND fingerprint = ?", project, fingerprint);
    });
  }

  /** Lets the aliases of an image mean another one of its project. */
  moveAliases({ project, fingerprint }: ImageId, to: string): void {
    const sql = "UPDATE image_aliases SET target = ? WHERE project = ? AND target = ?";
    this.database.run(sql, to, project, fingerprint);
  }

  allAliases(): (ImageAliasEntry & { project: string })[] {
    const rows = this.database.all("SELECT * FROM image_aliases ORDER BY project, name");
    return rows.map((row) => ({ ...fromAliasRow(row), project: String(row.project) }));
  }

  aliases(project: string): ImageAliasEntry[] {
    return this.database.all("SELECT * FROM image_aliases WHERE project = ? ORDER BY name", project).map(fromAliasRow);
  }

  aliasesOf({ project, fingerprint }: ImageId): ImageAliasEntry[] {
    const sql = "SELECT * FROM image_aliases WHERE project = ? AND target = ? ORDER BY name";
    return this.database.all(sql, project, fingerprint).map(fromAliasRow);
  }

  findAlias(project: string, name: string): ImageAliasEntry | undefined {
    const row = this.database.get("SELECT * FROM image_aliases WHERE project = ? AND name = ?", project, name);
    return row === undefined ? undefined : fromAliasRow(row);
  }

  insertAlias(project: string, alias: ImageAliasEntry): void {
    this.database.run(
      "INSERT INTO image_aliases (project, name, description, type, target) VALUES (?, ?, ?, ?, ?)",
      project,
      alias.name,
      alias.description,
      alias.type,
      alias.target,
    );
  }

  updateAlias(project: string, name: string, description: string, target: string): void {
    const sql = "UPDATE image_aliases SET description = ?, target = ? WHERE project = ? AND name = ?";
    this.database.run(sql, description, target, project, name);
  }

  renameAlias(project: string, from: string, to: string): void {
    this.database.run("UPDATE image_aliases SET name = ? WHERE project = ? AND name = ?", to, project, from);
  }

  deleteAlias(project: string, name: string): void {
    this.database.run("DELETE FROM image_aliases WHERE project = ? AND name = ?", project, name);
  }
}

const fromRow = (row: Row): ImageRow => ({
  project: String(row.project),
  fingerprint: String(row.fingerprint),
  filename: String(row.filename),
  size: Number(row.size),
  // Earlier versions kept the name as the image has it.
  architecture: findArchitecture(String(row.architecture)) ?? String(row.architecture),
  public: row.public === 1,
  autoUpdate: row.auto_update === 1,
  properties: JSON.parse(String(row.properties)) as Record<string, string>,
  profiles: row.profiles === null ? undefined : (JSON.parse(String(row.profiles)) as string[]),
  createdAt: String(row.created_at),
  expiresAt: String(row.expires_at),
  lastUsedAt: String(row.last_used_at),
  uploadedAt: String(row.uploaded_at),
  metadata: JSON.parse(String(row.metadata)) as ImageMetadata,
  templates: JSON.parse(String(row.templates)) as Record<string, string>,
  files: JSON.parse(String(row.files)) as ImageFiles,
  builtFrom: row.built_from === null ? undefined : String(row.built_from),
  cached: row.cached === 1,
  source: row.source === null ? undefined : (JSON.parse(String(row.source)) as ImageSource),
});

const fromAliasRow = (row: Row): ImageAliasEntry => ({
  name: String(row.name),
  description: String(row.description),
  // As in LXD, it is that of the image, whatever who made it said.
  type: "container",
  target: String(row.target),
});
