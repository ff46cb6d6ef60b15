/** Wire types that several kinds share: maps, devices, names. */
import * as z from "zod";

const noNul = (text: string) => !text.includes("\0");

/** Half of a pair cannot be written as UTF-8: two such names would be one file. */
const isWhole = (text: string) => !/\p{Surrogate}/u.test(text);

/** Text without NUL, which no file name, argument or environment word can hold. */
export const Text = z
  .string()
  .refine(noNul, { message: "must not contain a NUL character" })
  .refine(isWhole, { message: "must not contain half of a surrogate pair" });

/** Configuration: dotted keys to text values; "" means unset. */
export const Config = z
  .record(Text, Text)
  .meta({ description: "Configuration keys and their values, all text; an empty value unsets a key." });
export type Config = z.infer<typeof Config>;

/** One device: its type and its options, all text. */
export const Device = z.record(Text, Text).meta({ description: "A device: `type` and the options of that type." });
export type Device = z.infer<typeof Device>;

export const Devices = z.record(Text, Device).meta({ description: "Devices by name." });
export type Devices = z.infer<typeof Devices>;

export const Description = Text.meta({ description: "Free text for people." });

/** What is wrong with the name of an instance, in LXD's words. */
const instanceNameRules: readonly (readonly [isBad: RegExp, message: string])[] = [
  [/^$/, "Name must not be empty"],
  [/[^a-zA-Z0-9-]/, "Name can only contain alphanumeric and hyphen characters"],
  [/^[0-9]/, "Name must not start with a number"],
  [/^-/, 'Name must not start with "-" character'],
  [/-$/, 'Name must not end with "-" character'],
];

/** Name of an instance: a DNS label that starts with a letter and ends with no dash (docs/lxd-api.md, Instances). */
export const InstanceName = z
  .string()
  .min(1, { message: "must not be empty" })
  .max(63, { message: "must be at most 63 characters long" })
  .regex(/^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/, {
    error: ({ input }) =>
      `Invalid instance name: ${instanceNameRules.find(([isBad]) => isBad.test(String(input)))?.[1]}`,
  });

/** Bytes that a name may have as the name of a file (NAME_MAX); "%" and ":" are written as three. */
const maxFileBytes = 255;
const fileBytes = (name: string) => new TextEncoder().encode(name.replace(/[%:]/g, "%00")).length;

/** What a project leaves of a file's name: an instance, a device of it and what joins them. */
const maxProjectBytes = 120;

/** Names that LXD takes as long as paths and URLs can carry them. @param not what must not be in it, beside slashes and control characters */
const nameWithout = (not: RegExp, what: string) =>
  z
    .string()
    .refine(isWhole, { message: "must not contain half of a surrogate pair" })
    .min(1, { message: "must not be empty" })
    .refine((name) => name !== "." && name !== "..", { message: 'must not be "." or ".."' })
    .refine((name) => !/[/\p{Cc}]/u.test(name) && !not.test(name), {
      message: `must not contain control characters, slashes${what}`,
    });

/** Name of a project (docs/lxd-api.md, Projects): it becomes a part of names on the host, so it is short enough for a file's. */
export const ProjectName = z
  .string()
  .refine(isWhole, { message: "must not contain half of a surrogate pair" })
  .min(1, { message: "No name provided" })
  .refine((name) => !name.includes("/"), { message: "Project names may not contain slashes" })
  .refine((name) => !/[\s\p{Cc}]/u.test(name), { message: "Project names may not contain spaces" })
  .refine((name) => !name.includes("_"), { message: "Project names may not contain underscores" })
  .refine((name) => !/['"]/.test(name), { message: "Project names may not contain quotes" })
  .refine((name) => name !== "*", { message: "Reserved project name" })
  .refine((name) => name !== "." && name !== "..", { message: "Invalid project name" })
  .refine((name) => fileBytes(name.replaceAll(".", "%")) <= maxProjectBytes, {
    message: `must be at most ${maxProjectBytes} bytes long`,
  });

/** Name of a profile. */
export const ProfileName = nameWithout(/(?!)/, "").max(1024, { message: "must be at most 1024 characters long" });

/** Name of a storage pool, which is also that of its folder. */
export const PoolName = nameWithout(/\s/, " or blanks").refine((name) => fileBytes(name) <= maxFileBytes - 4, {
  message: "must be at most 251 bytes long",
});

/** Bytes that the project and a mark of unfinished work leave of the name of a volume's folder, "PROJECT_NAME". */
const maxVolumeBytes = maxFileBytes - maxProjectBytes - 9;

/** Name of a custom volume (docs/lxd-api.md, Storage volumes). */
export const VolumeName = z
  .string()
  .refine(isWhole, { message: "must not contain half of a surrogate pair" })
  .min(1, { message: "must not be empty: No name provided" })
  .refine((name) => !name.includes("/"), {
    message: "must not contain slashes: Storage volume names may not contain slashes",
  })
  .refine((name) => !/\p{Cc}/u.test(name), { message: "must not contain control characters" })
  .refine((name) => name !== "." && name !== "..", { message: 'must not be "." or ".."' })
  .refine((name) => fileBytes(name) <= maxVolumeBytes, { message: `must be at most ${maxVolumeBytes} bytes long` });

/** Name of a snapshot, which is also that of its folder (docs/lxd-api.md, Instances). */
export const SnapshotName = nameWithout(/[\s?&+]/, ', blanks or any of "?", "&" and "+"').refine(
  (name) => fileBytes(name) <= maxFileBytes,
  { message: "must be at most 255 bytes long" },
);

/** Name of a managed network: also the name of its bridge, so at most 15 bytes (IFNAMSIZ - 1). */
export const NetworkName = z
  .string()
  .min(2, { message: "must be at least 2 characters long" })
  .max(15, { message: "must be at most 15 characters long, as the kernel's interface names are" })
  .regex(/^[a-zA-Z0-9_.-]+$/, { message: "must hold letters, digits, dots, dashes and underscores only" })
  .refine((name) => name !== "..", { message: 'must not be ".."' })
  .refine((name) => name !== "all" && name !== "default", {
    message: 'must not be "all" or "default", which the kernel keeps for itself',
  });

/** RFC 3339 time with fraction, as Go prints it; "0001-01-01T00:00:00Z" stands for never. */
export const Time = z.string();
export const never = "0001-01-01T00:00:00Z";
export const epoch = "1970-01-01T00:00:00Z";

/** A time that a client sends. */
export const WrittenTime = Time.refine((time) => /^\d{4}-\d\d-\d\dT/.test(time) && !Number.isNaN(Date.parse(time)), {
  message: "must be a time such as 2030-01-31T12:00:00Z",
});

/** Fields that a client may omit and that then hold their zero value. */
export const text = Description.default("");
export const flag = z.boolean().default(false);
