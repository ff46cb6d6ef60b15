/** Certificates of clients in the database. They are asked for with every request over the network, so they are kept in memory as well. */
import { X509Certificate } from "node:crypto";
import { CertificateType } from "../../../sdk/api/certificate";
import { ref, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { flag, name, texts } from "../../platform/database/rules";

export const certificateSchema: Schema = {
  kind: "certificate",
  versions: [
    `CREATE TABLE certificates (
      fingerprint TEXT PRIMARY KEY,
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      restricted INTEGER NOT NULL,
      projects TEXT NOT NULL,
      certificate TEXT NOT NULL
    ) STRICT`,
    "ALTER TABLE certificates ADD COLUMN description TEXT NOT NULL DEFAULT ''",
  ],
  tables: [
    {
      table: "certificates",
      url: (row) => urlOf(ref("certificate", String(row.fingerprint))),
      columns: {
        fingerprint: name((value) => /^[0-9a-f]{64}$/.test(value)),
        type: name((value) => CertificateType.safeParse(value).success),
        // What is not known to be free stays closed.
        restricted: { isGood: flag.isGood, mend: () => 1 },
        projects: texts,
        certificate: name((value) => validityOf(value) !== undefined),
      },
    },
  ],
};

export interface CertificateRecord {
  readonly fingerprint: string;
  readonly type: CertificateType;
  readonly name: string;
  readonly description: string;
  readonly restricted: boolean;
  readonly projects: readonly string[];
  /** PEM. */
  readonly certificate: string;
}

/** With what is asked of it with every request. */
export interface Trusted extends CertificateRecord {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly projectSet: ReadonlySet<string>;
}

export class CertificateStore {
  #all: ReadonlyMap<string, Trusted> | undefined;

  constructor(private readonly database: Database) {}

  #read(): ReadonlyMap<string, Trusted> {
    const rows = this.database.all("SELECT * FROM certificates ORDER BY fingerprint").map(fromRow);
    return new Map(rows.map((record) => [record.fingerprint, record]));
  }

  list(): Trusted[] {
    this.#all ??= this.#read();
    return [...this.#all.values()];
  }

  find(fingerprint: string): Trusted | undefined {
    this.#all ??= this.#read();
    return this.#all.get(fingerprint);
  }

  insert(record: CertificateRecord): void {
    this.#all = undefined;
    const sql = `INSERT INTO certificates (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
    this.database.run(sql, ...valuesOf(record));
  }

  /** @param before fingerprint that it has now */
  update(before: string, record: CertificateRecord): void {
    this.#all = undefined;
    const sql = `UPDATE certificates SET ${columns.map((column) => `${column} = ?`).join(", ")} WHERE fingerprint = ?`;
    this.database.run(sql, ...valuesOf(record), before);
  }

  delete(fingerprint: string): void {
    this.#all = undefined;
    this.database.run("DELETE FROM certificates WHERE fingerprint = ?", fingerprint);
  }
}

const columns = ["fingerprint", "type", "name", "description", "restricted", "projects", "certificate"] as const;

const valuesOf = ({ restricted, projects, ...record }: CertificateRecord): (string | number)[] =>
  columns.map((column) => {
    if (column === "restricted") return Number(restricted);
    return column === "projects" ? JSON.stringify(projects) : record[column];
  });

function validityOf(pem: string): { from: number; until: number } | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(pem);
    return { from: Date.parse(validFrom), until: Date.parse(validTo) };
  } catch {
    // Damaged: the row is kept aside.
    return undefined;
  }
}

function fromRow(row: Row): Trusted {
  const certificate = String(row.certificate);
  const projects = JSON.parse(String(row.projects)) as string[];
  return {
    fingerprint: String(row.fingerprint),
    type: row.type as CertificateType,
    name: String(row.name),
    description: String(row.description),
    restricted: row.restricted !== 0,
    projects,
    projectSet: new Set(projects),
    certificate,
    ...(validityOf(certificate) ?? { from: 0, until: 0 }),
  };
}
