/** Metadata: an image's metadata.yaml (docs/lxd-api.md, Images). */
import { parse } from "yaml";
import { z } from "zod";
import { badRequest } from "../../sdk/api/errors";

/** Plain values of YAML as text; LXD reads them so too. */
const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const Template = z.object({
  when: z
    .array(z.enum(["create", "copy", "start", "rename"]))
    .nullish()
    .transform((when) => when ?? []),
  create_only: z.boolean().default(false),
  template: z.string().regex(/^[^/\0]+$/, { message: "must be a file name of the folder templates" }),
  properties: z
    .record(z.string(), Scalar)
    .nullish()
    .transform((properties) => properties ?? {}),
});

const ImageMetadata = z.object({
  architecture: z.string().min(1),
  /** Seconds since 1970. */
  creation_date: z.number().int().min(0).default(0),
  expiry_date: z.number().int().min(0).default(0),
  properties: z
    .record(z.string(), Scalar.nullish())
    .nullish()
    .transform((properties) =>
      Object.fromEntries(Object.entries(properties ?? {}).map(([key, value]) => [key, value ?? ""])),
    ),
  templates: z
    .record(z.string(), Template)
    .nullish()
    .transform((templates) => templates ?? {}),
});
export type ImageMetadata = z.output<typeof ImageMetadata>;

/** @throws ApiError BAD_REQUEST with the line or the failing path */
export function parseMetadata(text: string): ImageMetadata {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    const cause = error instanceof Error ? error.message.split("\n")[0]!.replace(/[:.]$/, "") : String(error);
    throw badRequest(`Cannot import image: its metadata.yaml is no YAML: ${cause}. Correct it.`, { cause: error });
  }
  const result = ImageMetadata.safeParse(value);
  if (!result.success) {
    const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "the whole"}: ${message}`);
    throw badRequest(`Cannot import image: its metadata.yaml is not valid: ${issues.join("; ")}. Correct it.`);
  }
  return result.data;
}
