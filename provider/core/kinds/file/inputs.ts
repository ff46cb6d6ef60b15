/** File inputs: what a program says of a file or a folder in a container. */
import * as z from "zod";
import { InstanceName, Text } from "../../../../sdk/api/common";
import type { CheckFailure } from "../../engine/core";
import { endpoint, replacing, timeouts } from "../../engine/inputs";
import { type Props, unknownValue } from "../../engine/values";
import { isSource } from "./source";

/** Inputs that say what is in the file. */
export const contentInputs = ["content", "contentBase64", "source"] as const;

const isPath = (path: string): boolean =>
  path.startsWith("/") && path !== "/" && !path.endsWith("/") && !path.split("/").includes("..");

const isBase64 = (text: string): boolean =>
  text === unknownValue ||
  (/^[A-Za-z0-9+/]*={0,2}$/.test(text.replace(/\s+/g, "")) && text.replace(/\s+/g, "").length % 4 === 0);

const id = (what: string) =>
  z
    .int()
    .min(0)
    .default(0)
    .meta({ description: `${what}, as the container sees it.` });

export const FileInputs = z.strictObject({
  instance: InstanceName.meta(replacing("Container that has the file, running or stopped.")),
  path: Text.refine(isPath, { message: 'must be an absolute path of a file or folder, without ".."' }).meta(
    replacing("Where the file is in the container, or the folder. Missing folders above it are made."),
  ),
  content: Text.optional().meta({
    description: "Content, as UTF-8 text. Exactly one of `content`, `contentBase64` and `source` is given.",
  }),
  contentBase64: Text.refine(isBase64, { message: "must be base64" })
    .optional()
    .meta({ description: "Content of any bytes, as base64." }),
  source: z
    .custom<unknown>((value) => value === unknownValue || isSource(value), {
      message: "must be an asset, an archive, or the path of a file or folder on this machine",
    })
    .optional()
    .meta({
      description:
        "A file of the machine that runs the program, as an asset, or a folder of it, as an archive. What is in it counts, not where it lies.",
      ref: "pulumi.json#/Asset",
    }),
  mode: z
    .string()
    .regex(/^0?[0-7]{3,4}$/, { message: 'must be an octal mode such as "0644"' })
    .optional()
    .meta({
      description:
        'Permissions, octal. When absent "0644", and of files from `source` "0755" where their owner may execute them.',
    }),
  uid: id("Owner"),
  gid: id("Group"),
  endpoint,
  timeouts,
});
export type FileInputs = z.output<typeof FileInputs>;

export const FileOutputs = z.object({
  hash: z.string().optional().meta({
    description: "Sha256 of what is there: contents, modes and owners. Absent when the content is a secret.",
  }),
});

/** Rules beyond the shape. */
export function fileRules(inputs: Props): CheckFailure[] {
  const [first, ...others] = contentInputs.filter((name) => inputs[name] !== undefined);
  if (first === undefined)
    return [{ property: "content", reason: 'is required, unless "contentBase64" or "source" is given' }];
  return others.map((property) => ({ property, reason: `cannot be combined with "${first}": a file has one content` }));
}
