/** Image: what instances are made from, and its aliases (docs/lxd-api.md, Images). */
import * as z from "zod";
import { Config, Text, Time, text } from "./common";
import { defineKind } from "./kind";

/** An alias may hold slashes (debian/12) but is not a path: no empty, "." or ".." parts, no line breaks. */
export const AliasName = Text.min(1)
  .max(1024)
  .refine((name) => !/\p{Cc}/u.test(name), { message: "must not contain control characters" })
  .refine((name) => name.split("/").every((part) => part !== "" && part !== "." && part !== ".."), {
    message: 'must not contain empty, "." or ".." parts',
  });

export const ImageAlias = z.looseObject({ name: z.string(), description: z.string().default("") });

export const ImagePut = z.object({
  auto_update: z.boolean().default(false),
  public: z.boolean().default(false),
  properties: Config.default({}),
  expires_at: Time.optional(),
  profiles: z.array(z.string()).optional(),
});
export type ImagePut = z.infer<typeof ImagePut>;

/** JSON form of POST /1.0/images; a tarball comes as an octet stream instead. */
export const ImagesPost = ImagePut.partial().extend({
  source: z.looseObject({ type: z.string() }),
  aliases: z.array(z.object({ name: AliasName, description: text })).default([]),
  filename: Text.optional(),
});
export type ImagesPost = z.infer<typeof ImagesPost>;

export const Image = z.looseObject({
  ...ImagePut.shape,
  fingerprint: z.string(),
  filename: z.string().default(""),
  size: z.number(),
  type: z.string().default("container"),
  architecture: z.string(),
  cached: z.boolean().default(false),
  aliases: z.array(ImageAlias).default([]),
  created_at: Time,
  expires_at: Time,
  last_used_at: Time,
  uploaded_at: Time,
  profiles: z.array(z.string()).nullish(),
});
export type Image = z.infer<typeof Image>;

export const ImageAliasesPost = z.object({
  name: AliasName,
  description: text,
  target: Text.min(1),
  type: z.string().default("container"),
});
export type ImageAliasesPost = z.infer<typeof ImageAliasesPost>;
export const ImageAliasPut = z.object({ description: text, target: Text.min(1) });
export const ImageAliasPost = z.object({ name: AliasName });
export const ImageAliasEntry = z.looseObject({
  name: z.string(),
  description: z.string().default(""),
  target: z.string(),
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
