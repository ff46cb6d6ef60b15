/** Image: what instances are made from, and its aliases (docs/lxd-api.md, Images). */
import * as z from "zod";
import { Config, Text, Time, text, WrittenTime } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

/** An alias may hold slashes (debian/12, a/b/), but nothing that a client's URLs would lose ("." and ".." parts), and no line breaks. */
export const AliasName = Text.min(1)
  .max(1024)
  .refine((name) => !/\p{Cc}/u.test(name), { message: "must not contain control characters" })
  .refine((name) => name.split("/").every((part) => part !== "." && part !== ".."), {
    message: 'must not contain "." or ".." parts',
  });

export const ImageAlias = z.looseObject({ name: z.string(), description: z.string().default("") });

export const ImagePut = z.object({
  auto_update: means(
    z.boolean().default(false),
    "Whether it is brought up to date by itself, as the image that its alias means on the server it came from.",
  ),
  public: means(z.boolean().default(false), "Whether clients without rights may fetch it."),
  properties: means(Config.default({}), "What the image says of itself, such as `os`."),
  expires_at: WrittenTime.optional(),
  profiles: means(z.array(z.string()).optional(), "Profiles of instances that are made of it and name none."),
});
export type ImagePut = z.infer<typeof ImagePut>;

/** Where an image lies on another server; requests for images and for instances have these fields. */
export const remoteFields = {
  server: means(Text.optional(), "Address of another server, such as `https://images.linuxcontainers.org`."),
  protocol: means(
    Text.optional(),
    "What that server speaks: `lxd`, which counts when it is empty, `simplestreams`, or `oci` for a registry.",
  ),
  certificate: means(Text.optional(), "PEM of the certificate that it must have; what this system trusts, when empty."),
  secret: means(Text.optional(), "Secret that opens the image there, from `POST /1.0/images/FINGERPRINT/secret`."),
};

export const ImagesPostSource = z.looseObject({
  type: means(z.string().default(""), "`image` of another server, `url`, `instance`, `snapshot` or `template`."),
  mode: means(Text.optional(), "`pull`, or `push` to be told a secret with which another server sends the image."),
  ...remoteFields,
  alias: means(Text.optional(), "Alias of the image there."),
  fingerprint: means(Text.optional(), "Fingerprint of the image there, or its beginning; counts before the alias."),
  image_type: means(Text.optional(), "`container`; there is no other yet."),
  project: means(Text.optional(), "Project on the other server."),
  url: means(Text.optional(), "Of `url`: an address that answers HEAD with `LXD-Image-Hash` and `LXD-Image-URL`."),
  template: means(Text.optional(), "Of `template`: the name of one."),
  name: means(Text.optional(), "Of `instance` or `snapshot`: that of an instance or `instance/snapshot`."),
});
export type ImagesPostSource = z.infer<typeof ImagesPostSource>;

/** JSON form of POST /1.0/images; a tarball comes as an octet stream instead. */
export const ImagesPost = ImagePut.partial().extend({
  source: ImagesPostSource,
  aliases: means(z.array(z.object({ name: AliasName, description: text })).default([]), "Aliases that the image gets."),
  properties: means(
    Config.optional(),
    "What the image says of itself, beside what its source says; of an instance in place of what its image says.",
  ),
  compression_algorithm: means(
    Text.optional(),
    "How an image of an instance is packed: `none`, or a program with its options, such as `zstd -19`.",
  ),
  filename: means(Text.optional(), "Name of the file, in place of the one that the source says."),
});
export type ImagesPost = z.infer<typeof ImagesPost>;

/** Where an image came from, and comes from when it is brought up to date. */
export const ImageSource = z.object({
  alias: z.string(),
  certificate: means(z.string(), "PEM that the server must have; empty for what this system trusts."),
  protocol: z.string(),
  server: z.string(),
  image_type: z.string(),
});
export type ImageSource = z.infer<typeof ImageSource>;

/** POST /1.0/images/FINGERPRINT/export: sends the image to another server. */
export const ImageExportPost = z.object({
  target: means(Text.min(1), "Address of the other server."),
  certificate: means(
    Text.default(""),
    "PEM of the certificate that it must have; what this system trusts, when empty.",
  ),
  secret: means(Text.default(""), "What the other server gave for it: `POST /1.0/images` there with `mode` `push`."),
  project: means(Text.default(""), "Project on the other server."),
  profiles: means(z.array(Text).nullish(), "Profiles that the image gets there."),
  aliases: means(
    z.array(z.object({ name: AliasName, description: text })).nullish(),
    "Not read: the secret brings them.",
  ),
});
export type ImageExportPost = z.infer<typeof ImageExportPost>;

export const Image = z.looseObject({
  ...ImagePut.shape,
  fingerprint: means(z.string(), "SHA-256 of the files as they were imported."),
  filename: z.string().default(""),
  size: means(z.number(), "Bytes of those files."),
  type: z.string().default("container"),
  architecture: z.string(),
  cached: means(
    z.boolean().default(false),
    "Whether it was fetched for an instance, so that it goes when nobody has used it for long.",
  ),
  update_source: means(ImageSource.optional(), "Where it came from, if it was asked for there by an alias."),
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
