/** Template: the small definition file that says how an image is built (docs/templates.md). */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { didYouMean } from "../../../../sdk/api/config/near";
import { badRequest, notFound } from "../../../../sdk/api/errors";

const InnerPath = z
  .string()
  .regex(/^\/[^\0]*[^/\0]$/, { message: "must be an absolute path inside the container" })
  .refine((inner) => inner.split("/").every((part) => part !== "." && part !== ".."), {
    message: 'must not hold "." or ".." parts',
  });

const FileEntry = z.strictObject({
  path: InnerPath,
  content: z.string(),
  /** Octal, as chmod takes it. */
  mode: z
    .string()
    .regex(/^[0-7]{3,4}$/, { message: 'must be octal, such as "0755"' })
    .default("0644"),
});

const word = (what: string) => z.string().regex(/^[a-z0-9][a-z0-9+.:_/-]*$/i, { message: `must be ${what}` });

const Definition = z.strictObject({
  description: z.string().optional(),
  extends: z.string().optional(),
  kind: z.enum(["host-busybox", "mmdebstrap"]).optional(),
  properties: z.record(z.string(), z.string()).default({}),
  /** Release name of the distribution, such as "bookworm". */
  suite: word("a suite name").optional(),
  variant: z
    .enum(["extract", "custom", "essential", "apt", "required", "minbase", "buildd", "important", "standard"])
    .optional(),
  components: z.array(word("a component name")).optional(),
  include: z.array(word("a package name")).default([]),
  /** Archive to take packages from; the host's own sources when absent. */
  mirror: z.url().optional(),
  /** More suites of the mirror, such as those of updates; of the host's own sources they are found by their names. */
  updates: z.array(word("a suite name")).optional(),
  /** File of the host with the keys of the mirror; apt's own when absent. */
  keyring: z
    .string()
    .regex(/^\/[\w./+-]+$/, { message: "must be the absolute path of a file of the host" })
    .optional(),
  folders: z.array(InnerPath).default([]),
  files: z.array(FileEntry).default([]),
  symlinks: z.record(InnerPath, z.string().min(1)).default({}),
  remove: z.array(InnerPath).default([]),
});
export type Definition = z.output<typeof Definition>;

export interface Template {
  readonly name: string;
  /** With what it extends merged in. */
  readonly definition: Definition & { readonly kind: "host-busybox" | "mmdebstrap" };
}

/** A name is a path below the folder of definitions: "debian/12". */
const namePattern = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/i;
const maxDepth = 8;

/**
 * Reads a definition and all that it extends.
 * @param folders where definitions are, the first that has one wins
 * @throws ApiError NOT_FOUND with the names that exist, BAD_REQUEST with what is wrong in the file
 */
export async function readTemplate(name: string, folders: readonly string[]): Promise<Template> {
  const definition = await resolved(name, folders, []);
  const { kind } = definition;
  if (kind === undefined) throw wrong(name, 'it has no "kind", nor extends a template that has one');
  if (kind === "mmdebstrap" && definition.suite === undefined) throw wrong(name, 'it has no "suite"');
  return { name, definition: { ...definition, kind } };
}

async function resolved(name: string, folders: readonly string[], below: readonly string[]): Promise<Definition> {
  if (below.includes(name) || below.length > maxDepth) throw wrong(below[0]!, `it extends itself through "${name}"`);
  const file = namePattern.test(name)
    ? folders.map((folder) => path.join(folder, `${name}.yaml`)).find((candidate) => existsSync(candidate))
    : undefined;
  if (file === undefined) {
    const names = await templateNames(folders);
    throw notFound(`Image template "${name}" not found. These exist: ${names.join(", ")}.${didYouMean(name, names)}`);
  }
  const own = parseDefinition(name, await readFile(file, "utf8"));
  if (own.extends === undefined) return own;
  return merged(await resolved(own.extends, folders, [...below, name]), own);
}

function parseDefinition(name: string, text: string): Definition {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw wrong(name, error instanceof Error ? error.message.split("\n")[0]! : String(error));
  }
  const result = Definition.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`);
  throw wrong(name, issues.join("; "));
}

const wrong = (name: string, cause: string) =>
  badRequest(`Cannot build image template "${name}": its definition is not valid: ${cause}. Correct the file.`);

function merged(base: Definition, own: Definition): Definition {
  return {
    ...base,
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    properties: { ...base.properties, ...own.properties },
    include: [...new Set([...base.include, ...own.include])],
    folders: [...base.folders, ...own.folders],
    files: [...base.files, ...own.files],
    symlinks: { ...base.symlinks, ...own.symlinks },
    remove: [...base.remove, ...own.remove],
  } as Definition;
}

/** Names of all definitions, sorted. */
export async function templateNames(folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    folders
      .filter((folder) => existsSync(folder))
      .map(async (folder) =>
        (await readdir(folder, { recursive: true }))
          .filter((file) => file.endsWith(".yaml"))
          .map((file) => file.slice(0, -".yaml".length)),
      ),
  );
  return [...new Set(found.flat())].sort();
}

/** Digest of what decides the built image: the definition, and what the builder adds, such as the host's busybox. */
export function digestOf(template: Template, inputs: string): string {
  const { description: _, extends: __, ...deciding } = template.definition;
  return createHash("sha256")
    .update(JSON.stringify([template.name, deciding, inputs]))
    .digest("hex");
}
