/** Instance metadata: what an instance keeps of its image's metadata.yaml, and the file templates that it names (docs/lxd-api.md, Metadata). */
import * as z from "zod";
import { Text } from "./common";
import { means } from "./means";

const orEmpty = <T extends z.ZodType>(value: T) =>
  z
    .record(Text, value)
    .nullish()
    .transform((entries) => entries ?? {});

/** The last second that a time on the wire can have (RFC 3339). */
const maxSeconds = 253_402_300_799;
const seconds = z.number().int().min(0).max(maxSeconds).default(0);

export const InstanceTemplatePut = z.object({
  when: means(
    z
      .array(Text)
      .nullish()
      .transform((when) => when ?? []),
    "`create`, `copy`, `rename` and `start`.",
  ),
  create_only: means(z.boolean().default(false), "Whether a file that is there stays as it is."),
  template: means(Text.default(""), "File name of the template."),
  properties: means(orEmpty(Text), "What the template may name."),
});

export const InstanceMetadataPut = z.object({
  architecture: means(Text.default(""), "Such as `x86_64`."),
  creation_date: seconds.meta({ description: "Seconds since 1970." }),
  expiry_date: seconds.meta({ description: "Seconds since 1970; 0 for never." }),
  properties: means(orEmpty(Text), "Properties of the image."),
  templates: means(orEmpty(InstanceTemplatePut), "Files by their path in the instance, each with its template."),
});
export type InstanceMetadataPut = z.infer<typeof InstanceMetadataPut>;

export const InstanceTemplate = z.looseObject({
  when: z.array(z.string()).nullable(),
  create_only: z.boolean(),
  template: z.string(),
  properties: z.record(z.string(), z.string()).nullable(),
});

export const InstanceMetadata = z.looseObject({
  architecture: z.string(),
  creation_date: means(z.number(), "Seconds since 1970."),
  expiry_date: means(z.number(), "Seconds since 1970; 0 for never."),
  properties: z.record(z.string(), z.string()).nullable(),
  templates: z.record(z.string(), InstanceTemplate).nullable(),
});
export type InstanceMetadata = z.infer<typeof InstanceMetadata>;
