/** Schema of images: their tables by version, and what must hold of each column. */
import * as z from "zod";
import { ImageSource } from "../../../sdk/api/image";
import { ref, urlOf } from "../../core/ref";
import type { Schema } from "../../platform/database/database";
import { integer, rebuilt, taken } from "../../platform/database/rebuild";
import { config, expiry, flag, json, name, pathPart, texts, time } from "../../platform/database/rules";

export const imageSchema: Schema = {
  kind: "image",
  versions: [
    `CREATE TABLE images (
      fingerprint TEXT PRIMARY KEY,
      filename TEXT NOT NULL,
      size INTEGER NOT NULL,
      architecture TEXT NOT NULL,
      public INTEGER NOT NULL,
      auto_update INTEGER NOT NULL,
      properties TEXT NOT NULL,
      profiles TEXT,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      last_used_at TEXT NOT NULL,
      uploaded_at TEXT NOT NULL,
      metadata TEXT NOT NULL,
      templates TEXT NOT NULL,
      files TEXT NOT NULL,
      built_from TEXT
    ) STRICT;
    CREATE TABLE image_aliases (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      type TEXT NOT NULL,
      target TEXT NOT NULL REFERENCES images (fingerprint) ON DELETE CASCADE
    ) STRICT`,
    // The aliases first: the end of a table that they refer to would take them along.
    `${rebuilt(
      "image_aliases",
      `project TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, type TEXT NOT NULL, target TEXT NOT NULL,
       PRIMARY KEY (project, name)`,
      { project: "'default'", ...taken("name", "description", "type", "target") },
    )};
    ${rebuilt(
      "images",
      `project TEXT NOT NULL, fingerprint TEXT NOT NULL, filename TEXT NOT NULL, size INTEGER NOT NULL,
       architecture TEXT NOT NULL, public INTEGER NOT NULL, auto_update INTEGER NOT NULL, properties TEXT NOT NULL,
       profiles TEXT, created_at TEXT NOT NULL, expires_at TEXT NOT NULL, last_used_at TEXT NOT NULL,
       uploaded_at TEXT NOT NULL, metadata TEXT NOT NULL, templates TEXT NOT NULL, files TEXT NOT NULL,
       built_from TEXT, PRIMARY KEY (project, fingerprint)`,
      {
        project: "'default'",
        ...taken("fingerprint", "filename", "architecture", "properties", "created_at", "expires_at", "last_used_at"),
        ...taken("uploaded_at", "metadata", "templates", "files"),
        size: integer("size"),
        public: integer("public"),
        auto_update: integer("auto_update"),
        profiles: "CAST(profiles AS TEXT)",
        built_from: "CAST(built_from AS TEXT)",
      },
    )}`,
    `ALTER TABLE images ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE images ADD COLUMN source TEXT`,
  ],
  tables: [
    {
      table: "images",
      url: (row) => urlOf(ref("image", String(row.fingerprint), String(row.project))),
      columns: {
        project: pathPart,
        fingerprint: name((value) => /^[0-9a-f]{64}$/.test(value)),
        public: flag,
        auto_update: flag,
        properties: config,
        profiles: { isGood: (value) => value === null || texts.isGood(value), mend: () => null },
        created_at: time,
        expires_at: expiry,
        last_used_at: time,
        uploaded_at: time,
        metadata: json(z.looseObject({ architecture: z.string() }), () => ({ architecture: "", templates: {} })),
        templates: config,
        cached: flag,
        // One that cannot be read is not brought up to date any more.
        source: { isGood: (value) => value === null || isSource(value), mend: () => null },
        files: json(z.looseObject({ main: z.string(), layout: z.looseObject({}) }), () => ({
          main: "none",
          layout: {},
        })),
      },
    },
    {
      table: "image_aliases",
      url: (row) => urlOf(ref("image-alias", String(row.name), String(row.project))),
      columns: { project: pathPart, name: name((value) => value !== "" && !/[\0\n]/.test(value)) },
    },
  ],
};

const isSource = (value: unknown): boolean => json(ImageSource, () => null).isGood(value);
