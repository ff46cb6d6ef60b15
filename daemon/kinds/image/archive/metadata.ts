/** Metadata: an image's metadata.yaml (docs/lxd-api.md, Images). */
import * as z from "zod";
import { badRequest } from "../../../../sdk/api/errors";
import { findArchitecture } from "../../../platform/host/architecture";
import { parseTemplate } from "../file-templates/parser";

/** When files are made of templates. */
export const triggers = ["create", "copy", "start", "rename"] as const;
export type Trigger = (typeof triggers)[number];

/** All plain values are read as the text that stands there, as LXD does: 20.10 is no 20.1. */
const Scalar = z
  .string()
  .nullable()
  .transform((value) => value ?? "");

/** Words of YAML 1.1, which LXD's reader knows. */
const Bool = z.string().transform((value, context) => {
  if (/^(true|yes|on|y)$/i.test(value)) return true;
  if (/^(false|no|off|n)$/i.test(value)) return false;
  context.addIssue({ code: "custom", message: "must be true or false" });
  return z.NEVER;
});

const Seconds = z.string().transform((value, context) => {
  const seconds = Number(value);
  if (value.trim() !== "" && Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= maxSeconds) return seconds;
  context.addIssue({ code: "custom", message: "must be seconds since 1970" });
  return z.NEVER;
});

/** End of the year 9999, the last that times on the wire can have (RFC 3339). */
const maxSeconds = 253_402_300_799;

const map = <T extends z.ZodType>(value: T) =>
  z
    .record(z.string(), value)
    .nullish()
    .transform((entries) => entries ?? {});

const Template = z.object({
  /** Words that are no trigger of ours never come, as in LXD. */
  when: z
    .array(z.string())
    .nullish()
    .transform((when) => when ?? []),
  create_only: Bool.nullish().transform((value) => value ?? false),
  template: z
    .string()
    .nullish()
    .transform((value) => value ?? ""),
  properties: map(Scalar),
});

const ImageMetadata = z.object({
  architecture: z.string().refine((name) => findArchitecture(name) !== undefined, {
    error: ({ input }) => `Architecture isn't supported: ${JSON.stringify(input)}`,
  }),
  /** Seconds since 1970. */
  creation_date: Seconds.nullish().transform((value) => value ?? 0),
  expiry_date: Seconds.nullish().transform((value) => value ?? 0),
  properties: map(Scalar),
  templates: map(Template),
});
export type ImageMetadata = z.output<typeof ImageMetadata>;

/** What a message may name of what is wrong. */
const toldIssues = 5;

/** @param value the YAML as readYaml gives it @throws ApiError BAD_REQUEST with the failing path */
export function parseMetadata(value: unknown): ImageMetadata {
  const result = ImageMetadata.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, toldIssues)
    .map(({ path, message }) => `${path.join(".").slice(0, 200) || "the whole"}: ${message}`);
  throw badRequest(`Cannot import image: its metadata.yaml is not valid: ${issues.join("; ")}. Correct it.`);
}

/** Each is a file to write at every start. */
const maxFiles = 1000;
/** Each may be a folder to make. */
const maxParts = 50;

/** Whether a file of a template may have this path in a container. */
export const isInnerPath = (target: string): boolean =>
  /^[^\0\n]{1,4095}$/.test(target) && !target.split("/").includes("..") && target.split("/").length <= maxParts;

/**
 * Sees that every template whose time can come can be rendered; LXD finds out at the first start.
 * @param templates the texts by their file name
 * @throws ApiError BAD_REQUEST that names the file and the template
 */
export function checkTemplates(metadata: ImageMetadata, templates: Readonly<Record<string, string>>): void {
  const files = Object.entries(metadata.templates);
  if (files.length > maxFiles)
    throw badRequest(
      `Cannot import image: its metadata.yaml makes more than ${maxFiles} files of templates. Leave out some.`,
    );
  for (const [target, { template, when }] of files) {
    if (!triggers.some((trigger) => when.includes(trigger))) continue;
    const what = `its metadata.yaml makes ${JSON.stringify(target)} of the template ${JSON.stringify(template)}`;
    const refuse = (cause: string, remedy: string, error?: unknown) =>
      badRequest(`Cannot import image: ${what}, ${cause}. ${remedy}`, { cause: error });
    if (!isInnerPath(target)) throw refuse("which is not a path inside a container", "Correct it.");
    if (template.includes("/"))
      throw refuse("which must be a file name of its folder templates", "Put the file there.");
    if (!Object.hasOwn(templates, template)) throw refuse("which it lacks", "Add the file to its folder templates.");
    try {
      parseTemplate(templates[template]!);
    } catch (error) {
      throw refuse(`which cannot be read: ${(error as Error).message.replace(/\.$/, "")}`, "Correct the file.", error);
    }
  }
}
