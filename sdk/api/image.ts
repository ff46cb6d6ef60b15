/** Image: what instances are made from, and its aliases (docs/lxd-api.md, Images). */
import * as z from "zod";
import { Config, Text, Time, text } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

/** An alias may hold slashes (debian/12) but is not a path: no empty, "." or ".." parts, no line breaks. */
export const AliasName = Text.min(1)
  .max(1024)
  .refine((name) => !/\p{Cc}/u.test(name), { message: "must not contain control characters" })
  .refine((name) => name.split("/").every((part) => part !== "" && part !== "." && part !== ".."), {
    message: 'must not contain empty, "." or ".." parts',
  });

export const ImageAlias = z.looseObject({ name: z.string(), description: z.string().default("") });

export const ImagePut = z.object({
  auto_update: means(z.boolean().default(false), "Kept; images are not updated by themselves yet."),
  public: means(z.boolean().default(false), "Whether clients without rights may fetch it; there are none yet."),
  properties: means(Config.default({}), "What the image says of itself, such as `os`."),
  expires_at: Time.optional(),
  profiles: means(z.array(z.string()).optional(), "Profiles of instances that are made of it and name none."),
});
export type ImagePut = z.infer<typeof ImagePut>;

/** JSON form of POST /1.0/images; a tarball comes as an octet stream instead. */
export const ImagesPost = ImagePut.partial().extend({
  source: means(
    z.looseObject({ type: z.string() }),
    "`type` is `template`, and `template` the name of one; or `type` is `instance` or `snapshot`, and `name` that of an instance or `instance/snapshot`.",
  ),
  aliases: means(z.array(z.object({ name: AliasName, description: text })).default([]), "Aliases that the image gets."),
  properties: means(
    Config.optional(),
    "What the image says of itself; absent: what the image says that the instance was made of.",
  ),
  compression_algorithm: means(
    Text.optional(),
    "How an image of an instance is packed: `none`, or a program with its options, such as `zstd -19`.",
  ),
  filename: means(Text.optional(), "Name of a file that the image is told to come from; not of a template's."),
});
export type ImagesPost = z.infer<typeof ImagesPost>;

export const Image = z.looseObject({
  ...ImagePut.shape,
  fingerprint: means(z.string(), "SHA-256 of the files as they were imported."),
  filename: z.string().default(""),
  size: means(z.number(), "Bytes of those files."),
  type: z.string().default("container"),
  architecture: z.string(),
  cached: means(z.boolean().default(false), "Whether the daemon fetched it by itself: never."),
  aliases: z.array(ImageAlias).default([]),
  created_at: Time,
  expires_at: Time,
  last_used_at: Time,
  uploaded_at: Time,
  profiles: means(z.array(z.string()).nullish(), "Profiles of instances that are made of it and name none."),
});
export type Image = z.infer<typeof Image>;

export const ImageAliasesPost = z.object({
  name: AliasName,
  description: text,
  target: means(Text.min(1), "Fingerprint of an image."),
  type: means(z.string().default("container"), "`container`; there is no other yet."),
});
export type ImageAliasesPost = z.infer<typeof ImageAliasesPost>;
export const ImageAliasPut = z.object({ description: text, target: means(Text.min(1), "Fingerprint of an image.") });
export const ImageAliasPost = z.object({ name: AliasName });
export const ImageAliasEntry = z.looseObject({
  name: z.string(),
  description: z.string().default(""),
  target: means(z.string(), "Fingerprint of an image."),
  type: z.string().default("container"),
});
export type ImageAliasEntry = z.infer<typeof ImageAliasEntry>;

export const imageAliasKind = defineKind({
  name: "image-alias",
  title: "Image alias",
  path: "/1.0/images/aliases",
  put: ImageAliasPut,
  post: ImageAliasesPost,
  shown: ImageAliasEntry,
  tagged: ["name", "description", "target", "type"],
  rename: ImageAliasPost,
  hasSlashes: true,
  file: "image",
  shownName: "ImageAliasEntry",
  says: {
    get: "@param name may hold slashes, such as debian/12 @throws ApiError NOT_FOUND",
    update: "Points an alias at another image.",
  },
});
