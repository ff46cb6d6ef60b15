/** Words of which backups tell: the types of what is read with suspicion, since it comes from elsewhere. */
import * as z from "zod";
import { Config, Devices, Text, WrittenTime } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";

/** Plain values of YAML come as texts and nulls. */
export const word = Text.nullish().transform((value) => value ?? "");
export const yes = z
  .string()
  .nullish()
  .transform((value) => /^(true|yes|on)$/i.test(value ?? ""));
export const time = (otherwise: string) =>
  z
    .string()
    .nullish()
    .transform((value) => (WrittenTime.safeParse(value).success ? String(value) : otherwise));
const withTexts = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, entry === null ? "" : withTexts(entry)]))
    : (value ?? {});
export const config = z.preprocess(withTexts, Config);
export const devices = z.preprocess(withTexts, Devices);
export const list = <T extends z.ZodType>(type: T) =>
  z
    .array(type)
    .nullish()
    .transform((value) => value ?? []);

const toldIssues = 5;

/** @param name of the file, for errors @throws ApiError BAD_REQUEST */
export function parse<T extends z.ZodType>(name: string, type: T, value: unknown): z.output<T> {
  const result = type.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, toldIssues).map(({ path, message }) => {
    const at = path.join(".").slice(0, 200);
    return `${at === "" ? "the whole" : at}: ${message}`;
  });
  throw badRequest(`Cannot import backup: its ${name} is not valid: ${issues.join("; ")}. Make it again.`);
}
