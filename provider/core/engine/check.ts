/** Check: validation of inputs, each failure by the name of its property, unknown values skipped. */
import * as z from "zod";
import type { Config } from "../../../sdk/api/common";
import { didYouMean } from "../../../sdk/api/config/near";
import { checkConfig, type KeyTable } from "../../../sdk/api/config/table";
import { checkDevices } from "../../../sdk/api/devices/check";
import type { CheckFailure } from "./core";
import { withTexts } from "./texts";
import { given, holdsUnknown, isMap, type Props, unknownValue } from "./values";

/** What every check begins with: inputs without those that are not given, and as text what is text for the daemon. */
export const givenInputs = (news: Props): Props => withTexts(given(news));

/** Writes a path as the user would: `devices.eth0.network`, `config["limits.memory"]`, `profiles[0]`. */
export function propertyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

/** @returns whether the value that a path leads to is unknown, or lies inside an unknown, or holds one */
function isUnknownAt(root: unknown, path: readonly PropertyKey[]): boolean {
  let value = root;
  for (const part of path) {
    if (value === unknownValue) return true;
    value = (value as Record<PropertyKey, unknown> | undefined)?.[part];
  }
  return holdsUnknown(value);
}

function reasonOf(issue: z.core.$ZodIssue, inputs: Props): string {
  const value = valueAt(inputs, issue.path);
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (issue.code === "invalid_value") return oneOfReason(value, issue.values.map(String));
  if (issue.code === "invalid_type")
    return value === undefined ? "is required" : `must be ${article[issue.expected] ?? issue.expected}`;
  // A reason of our own begins with a small letter, zod's with a capital.
  if (!/^[A-Z]/.test(issue.message)) return issue.message;
  if (issue.code === "too_small") return issue.origin === "number" ? `must be ${least(issue)}` : "must not be empty";
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  // LXD's own words for a name.
  if (issue.code === "custom" && issue.message !== "Invalid input")
    return /^Invalid/.test(issue.message) ? issue.message : `Invalid ${String(issue.path.at(-1))}: ${issue.message}`;
  if (issue.code === "invalid_format" && !/^Invalid (string|[\w-]+$)/.test(issue.message)) return issue.message;
  return "does not have the right form";
}

const least = ({ inclusive, minimum }: z.core.$ZodIssueTooSmall): string =>
  inclusive === false ? `more than ${minimum}` : `${minimum} or more`;

function oneOfReason(value: unknown, words: readonly string[]): string {
  const hint = typeof value === "string" ? didYouMean(value, words) : "";
  return `must be one of ${words.join(", ")}${hint === "" ? "" : `.${hint}`}`;
}

const article: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  record: "a map",
  object: "a map",
};

/** Validates inputs against a strict schema. @returns one failure per wrong or unknown property; no values in the reasons */
export function checkShape(schema: z.ZodObject, inputs: Props): CheckFailure[] {
  const result = schema.safeParse(inputs);
  if (result.success) return [];
  const wrongShapes = result.error.issues
    .filter(({ code }) => code === "invalid_type")
    .map(({ path }) => propertyPath(path));
  return result.error.issues.flatMap((issue): CheckFailure[] => {
    // What has another shape need not be told that it is too short.
    if (issue.code !== "invalid_type" && wrongShapes.includes(propertyPath(issue.path))) return [];
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        property: propertyPath([...issue.path, key]),
        reason: unknownProperty(key, knownKeys(schema, issue.path)),
      }));
    if (isUnknownAt(inputs, issue.path)) return [];
    return [{ property: propertyPath(issue.path), reason: reasonOf(issue, inputs) }];
  });
}

const unknownProperty = (key: string, known: readonly string[]): string =>
  `is not a property here.${didYouMean(key, known)} Known are ${known.join(", ")}.`;

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], root);

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.ZodType | undefined = schema;
  for (const part of path) {
    at = unwrap(at);
    if (at instanceof z.ZodObject) at = at.shape[String(part)] as z.ZodType | undefined;
    else if (at instanceof z.ZodRecord) at = at.valueType as z.ZodType;
    else if (at instanceof z.ZodArray) at = at.element as z.ZodType;
  }
  at = unwrap(at);
  return at instanceof z.ZodObject ? Object.keys(at.shape).sort() : [];
}

/** Takes off `optional` and `default`. */
export function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault) at = at.unwrap() as z.ZodType;
  return at;
}

/** The configuration of inputs that were not checked yet: what is not known yet is empty, and what is not a text is left out. */
export function knownConfig(config: unknown): Config {
  if (!isMap(config)) return {};
  const texts = Object.entries(config).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(texts.map(([key, value]) => [key, value === unknownValue ? "" : value]));
}

/** Checks configuration keys by a table; an unknown value fits every key, its key is still checked. @param lxd keys that LXD has for it */
export function checkConfigKeys(table: KeyTable, lxd: readonly string[], config: unknown): CheckFailure[] {
  return checkConfig(table, knownConfig(config), lxd).map(({ key, message }) => ({
    property: propertyPath(["config", key]),
    reason: message,
  }));
}

/** Checks device types and options; unknown options are skipped. */
export function checkDeviceOptions(devices: unknown): CheckFailure[] {
  if (!isMap(devices)) return [];
  const whole = Object.entries(devices).filter(
    (entry): entry is [string, Record<string, string>] =>
      isMap(entry[1]) && Object.values(entry[1]).every((option) => typeof option === "string"),
  );
  return checkDevices(Object.fromEntries(whole))
    .filter(({ device, option }) => option === undefined || !isUnknownAt(devices, [device, option]))
    .map(({ device, option, message }) => ({
      property: propertyPath(["devices", device, ...(option === undefined ? [] : [option])]),
      reason: message,
    }));
}

/** Fills in the defaults of properties that are not given. Works with unknowns, which a full parse would refuse. */
export function withDefaults(schema: z.ZodObject, inputs: Props): Props {
  const missing = Object.entries(schema.shape)
    .filter(([name, field]) => inputs[name] === undefined && field instanceof z.ZodDefault)
    .map(([name, field]) => [name, (field as z.ZodDefault).parse(undefined)] as const);
  return { ...inputs, ...Object.fromEntries(missing) };
}
