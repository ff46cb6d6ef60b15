/** Backup: an instance or a custom volume as a file, with or without its snapshots (docs/lxd-api.md, Backups). */
import * as z from "zod";
import { flag, Text, Time, WrittenTime } from "./common";
import { means } from "./means";

const maxNameBytes = 200;

/** Name of a backup, which is also that of its file. */
export const BackupName = Text.refine((name) => !name.includes("/"), {
  message: "Backup names may not contain slashes",
})
  .refine((name) => name !== "." && name !== ".." && !/\p{Cc}/u.test(name), {
    message: 'must not be "." or "..", nor contain control characters',
  })
  .refine((name) => new TextEncoder().encode(name).length <= maxNameBytes, {
    message: `must be at most ${maxNameBytes} bytes long`,
  });

export const BackupsPost = z.object({
  name: means(BackupName.default(""), "`backup` and the next free number when it is empty."),
  expires_at: means(WrittenTime.nullish(), "When it is deleted; `0001-01-01T00:00:00Z` for never."),
  instance_only: flag.meta({ description: "Whether its snapshots are left out." }),
  container_only: flag.meta({ description: "Older name of `instance_only`." }),
  optimized_storage: flag.meta({ description: "Not heeded: each backup can be imported into any pool." }),
  compression_algorithm: means(
    Text.default(""),
    "How it is packed: `none`, or a program with its options, such as `zstd -19`; empty for `backups.compression_algorithm`.",
  ),
});
export type BackupsPost = z.infer<typeof BackupsPost>;

export const BackupPost = z.looseObject({
  name: BackupName.refine((name) => name !== "", { message: "must not be empty" }),
});
export type BackupPost = z.infer<typeof BackupPost>;

export const Backup = z.looseObject({
  name: z.string(),
  created_at: Time,
  expires_at: Time.meta({ description: "`0001-01-01T00:00:00Z` for never." }),
  instance_only: z.boolean(),
  container_only: means(z.boolean().default(false), "The same."),
  optimized_storage: z.boolean(),
});
export type Backup = z.infer<typeof Backup>;

export const VolumeBackupsPost = BackupsPost.omit({ instance_only: true, container_only: true }).extend({
  volume_only: flag.meta({ description: "Whether its snapshots are left out." }),
});
export type VolumeBackupsPost = z.infer<typeof VolumeBackupsPost>;

export const VolumeBackup = z.looseObject({
  name: z.string(),
  created_at: Time,
  expires_at: Time.meta({ description: "`0001-01-01T00:00:00Z` for never." }),
  volume_only: z.boolean(),
  optimized_storage: z.boolean(),
});
export type VolumeBackup = z.infer<typeof VolumeBackup>;
