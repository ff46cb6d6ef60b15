/** Inputs: properties that several kinds take. */
import * as z from "zod";
import { parseEndpoint } from "../../../sdk";
import { Config, Devices, Text } from "../../../sdk/api/common";
import { describe } from "../../../sdk/api/config/describe";
import { didYouMean } from "../../../sdk/api/config/near";
import type { KeyTable, Row } from "../../../sdk/api/config/table";
import { deviceTypes } from "../../../sdk/api/devices/types";

/** One of some words. @param lxd words that LXD has in their place; a wrong one of these is named as such */
export const wordOf = (words: readonly string[], lxd: readonly string[] = []) =>
  z.string().refine((word) => words.includes(word), {
    error: ({ input }) => {
      const word = String(input);
      const hint = lxd.includes(word) ? ` LXD's "${word}" is not here yet.` : didYouMean(word, words);
      return `must be one of ${words.join(", ")}${hint === "" ? "" : `.${hint}`}`;
    },
  });

/** The meta of an input whose change needs another object. */
export const replacing = (description: string) => ({ description, replaces: true });

/** @returns names of the inputs whose change needs another object */
export const replacingInputs = (schema: z.ZodObject): string[] =>
  Object.entries(schema.shape).flatMap(([name, field]) => ((field as z.ZodType).meta()?.replaces ? [name] : []));

/** @returns why a text cannot be an endpoint, or nothing */
export function endpointReason(text: string): string | undefined {
  try {
    parseEndpoint(text);
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return `is not an endpoint: ${cause.replace(/^Cannot use endpoint ".*?": /s, "")}`;
  }
}

export const endpoint = Text.min(1)
  .refine((text) => endpointReason(text) === undefined, {
    error: ({ input }) => endpointReason(String(input)) ?? "is not an endpoint",
  })
  .optional()
  .meta(
    replacing(
      "Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens.",
    ),
  );

export const adopt = z.boolean().optional().meta({
  description:
    "Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused.",
});

const listed = (rows: Readonly<Record<string, Row>>, indent: string): string =>
  Object.entries(rows)
    .filter(([, { applies }]) => applies !== "never")
    .map(([key, row]) => `\n${indent}- \`${key}\` (${row.type.title}): ${describe(row)}`)
    .join("");

const tables = new WeakMap<object, KeyTable>();

/** The input `config`. @param keys of the kind, for its description and `keysOfConfig` */
export function configInput(keys: KeyTable) {
  const input = Config.default({}).meta({
    description: `Configuration keys and their values, all text, as LXD names them; an empty value unsets a key.\n${listed(keys, "")}`,
  });
  tables.set(input, keys);
  return input;
}

/** The keys that an input was made for by `configInput`; none for any other. */
export const keysOfConfig = (input: unknown): KeyTable => tables.get(Object(input) as object) ?? {};

const listedTypes = Object.entries(deviceTypes).map(
  ([name, { doc, options }]) => `\n- \`${name}\`: ${doc}${listed(options, "  ")}`,
);

export const devices = Devices.default({}).meta({
  description: `Devices by name, each with its \`type\` and the options of that type, as LXD names them.\n${listedTypes.join("")}`,
});

export const description = Text.default("").meta({ description: "Free text for people." });

const seconds = z.number().positive().optional();

export const timeouts = z
  .strictObject({
    createSeconds: seconds.meta({ description: "Ceiling of create, in seconds." }),
    updateSeconds: seconds.meta({ description: "Ceiling of update, in seconds." }),
    deleteSeconds: seconds.meta({ description: "Ceiling of delete, in seconds." }),
  })
  .meta({ id: "Timeouts", description: "How long create, update and delete may take." })
  .optional()
  .meta({
    description:
      "How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door.",
  });
