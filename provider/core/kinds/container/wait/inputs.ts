/** Wait inputs: what a program may wait for, and which words go with which condition. */
import * as z from "zod";
import { Text } from "../../../../../sdk/api/common";
import { propertyPath } from "../../../engine/check";
import type { CheckFailure } from "../../../engine/core";
import { isMap, type Props, unknownValue } from "../../../engine/values";

export const conditions = ["ipv4", "ipv6", "port", "http", "command", "log", "systemd", "cloud-init"] as const;
export type ConditionWord = (typeof conditions)[number];

function wrongPattern(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const details = {
  nic: Text.min(1, { message: "must name a nic" }).optional().meta({
    description: "Of `ipv4`, `ipv6` and `http`: the device whose address is meant; any nic when absent.",
  }),
  port: z.int().min(1).max(65535).optional().meta({
    description: "Of `port` and `http`: a TCP port of the container; 80 for `http` when absent.",
  }),
  path: Text.refine((path) => path.startsWith("/"), { message: 'must begin with "/"' })
    .optional()
    .meta({ description: "Of `http`: the path that is asked for; `/` when absent." }),
  url: Text.refine(isHttp, { message: "must be an address such as http://192.0.2.10:8080/health" }).optional().meta({
    description:
      "Of `http`: a whole address in place of the container's own, for a container that the machine of the program reaches in another way.",
  }),
  status: z.int().min(100).max(599).optional().meta({
    description: "Of `http`: the status of the answer; any below 400 when absent.",
  }),
  command: z.array(Text).min(1, { message: "must name a command" }).optional().meta({
    description:
      "Of `command`: program and arguments, run in the container again and again until the exit code is 0. No shell is added.",
  }),
  pattern: Text.min(1, { message: "must not be empty" })
    .refine((pattern) => wrongPattern(pattern) === undefined, {
      error: ({ input }) => `must be a regular expression: ${wrongPattern(String(input))}`,
    })
    .optional()
    .meta({ description: "Of `log`: a regular expression that a line matches." }),
  file: Text.refine((path) => path.startsWith("/"), { message: "must be an absolute path in the container" })
    .optional()
    .meta({ description: "Of `log`: the file in the container; its console when absent." }),
};
type Detail = keyof typeof details;

const meanings =
  "`ipv4`, `ipv6`: a global address; `port`: somebody listens on a TCP port; `http`: an answer over HTTP, asked by the machine of the program; `command`: exit code 0; `log`: a line; `systemd`: the boot is over; `cloud-init`: it is done, and without an error";

export const Condition = z
  .strictObject({
    for: z.enum(conditions).meta({ description: `What is waited for. ${meanings}.` }),
    ...details,
  })
  .meta({ id: "ContainerWaitCondition", description: "One of several things that a container is waited for." });
export type Condition = z.output<typeof Condition>;

const list = z.array(Condition).min(1, { message: "must name a condition" }).optional();

export const Wait = z
  .strictObject({
    for: z
      .enum([...conditions, "nothing"])
      .optional()
      .meta({
        description: `${meanings}; \`nothing\`: no wait. When absent: \`ipv4\` if the container has a nic, then \`command\` if one is given.`,
      }),
    ...details,
    all: list.meta({
      description: "Conditions that must all hold, in place of `for`. They are waited for at the same time.",
    }),
    any: list.meta({ description: "Conditions of which one must hold, in place of `for` or beside `all`." }),
    timeoutSeconds: z.number().positive().default(120).meta({ description: "How long to wait, in seconds." }),
  })
  .meta({ id: "ContainerWait", description: "What must be true before the container counts as made." });
export type Wait = z.output<typeof Wait>;

/** The words that go with a condition; those that it needs come first, behind a "!". */
const wordsOf: Readonly<Record<ConditionWord | "nothing", readonly (Detail | `!${Detail}`)[]>> = {
  ipv4: ["nic"],
  ipv6: ["nic"],
  port: ["!port"],
  http: ["port", "path", "url", "status", "nic"],
  command: ["!command"],
  log: ["!pattern", "file"],
  systemd: [],
  "cloud-init": [],
  nothing: [],
};

const isWord = (word: unknown): word is ConditionWord | "nothing" => typeof word === "string" && word in wordsOf;

function rulesOf(condition: Props, path: readonly (string | number)[]): CheckFailure[] {
  const word = condition.for;
  const at = (name: string) => propertyPath([...path, name]);
  if (!isWord(word)) return [];
  const words = wordsOf[word];
  const missing = words.flatMap((one) => (one.startsWith("!") && condition[one.slice(1)] === undefined ? [one] : []));
  const others = (Object.keys(details) as Detail[]).filter(
    (name) => condition[name] !== undefined && !words.includes(name) && !words.includes(`!${name}`),
  );
  const replaced = condition.url === undefined ? [] : (["port", "path", "nic"] as const);
  return [
    ...missing.map((one) => ({ property: at(one.slice(1)), reason: `is required when "for" is "${word}"` })),
    ...others.map((name) => ({
      property: at(name),
      reason: `has no effect when "for" is "${word}"; leave one of them out`,
    })),
    ...replaced
      .filter((name) => word === "http" && condition[name] !== undefined)
      .map((name) => ({ property: at(name), reason: 'cannot be combined with "url", which is the whole address' })),
  ];
}

/** Rules beyond the shape. @param wait not checked yet, with unknowns */
export function waitRules(wait: unknown): CheckFailure[] {
  if (!isMap(wait)) return [];
  const lists = (["all", "any"] as const).filter((name) => wait[name] !== undefined);
  const inLists = lists.flatMap((name) => {
    const items: readonly unknown[] = Array.isArray(wait[name]) ? wait[name] : [];
    return items.flatMap((item, at) => (isMap(item) ? rulesOf(item, ["wait", name, at]) : []));
  });
  if (wait.for === unknownValue) return inLists;
  const said = ["for", ...Object.keys(details)].filter((name) => wait[name] !== undefined);
  if (lists.length > 0)
    return [
      ...inLists,
      ...said.map((name) => ({
        property: propertyPath(["wait", name]),
        reason: `cannot be combined with "${lists[0]}": put it into that list`,
      })),
    ];
  if (wait.for !== undefined) return rulesOf(wait, ["wait"]);
  return said
    .filter((name) => name !== "command")
    .map((name) => ({ property: propertyPath(["wait", name]), reason: 'needs "for", which says what is waited for' }));
}
