/** Rules: what each column of a table must hold for the daemon to live with a row, and what stands in for a value that is damaged. */
import type { SQLInputValue } from "node:sqlite";
import * as z from "zod";
import { Config, Devices, epoch, never } from "../../../sdk/api/common";
import type { Row } from "./row";

export interface ColumnRule {
  readonly isGood: (value: unknown) => boolean;
  /** What can be read of a bad value. Absent: without it a row stands for nothing, and is kept aside whole. */
  readonly mend?: (value: unknown) => SQLInputValue;
}

export interface TableRules {
  readonly table: string;
  /** Path of the object that a row belongs to, such as "/1.0/instances/web". */
  readonly url: (row: Row) => string;
  readonly columns: Readonly<Record<string, ColumnRule>>;
}

const parsed = (value: unknown): unknown => {
  try {
    return JSON.parse(String(value));
  } catch {
    // No JSON at all; no type of ours takes undefined.
    return undefined;
  }
};

/** JSON of a type. @param stand what stands in for something else */
export const json = (type: z.ZodType, stand: (value: unknown) => unknown): ColumnRule => ({
  isGood: (value) => type.safeParse(parsed(value)).success,
  mend: (value) => JSON.stringify(stand(value)),
});

/** Pairs of text that can still be read: volatile keys, such as the container's host ids, are found nowhere else. */
const readable = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    [...String(value).matchAll(/"([\w.-]+)":("(?:[^"\\]|\\.)*")/g)].flatMap(([, key = "", text = ""]) => {
      const found = parsed(text);
      return typeof found === "string" && !found.includes("\0") ? [[key, found]] : [];
    }),
  );

export const config = json(Config, readable);
export const devices = json(Devices, () => ({}));
export const texts = json(z.array(z.string()), () => []);

export const flag: ColumnRule = { isGood: (value) => value === 0 || value === 1, mend: () => 0 };

/** Go's clients read no list with a time in it that is none. */
const isTime = (value: unknown) => /^\d{4}-\d\d-\d\dT/.test(String(value)) && !Number.isNaN(Date.parse(String(value)));

export const time: ColumnRule = { isGood: isTime, mend: () => epoch };

/** When something is over: what cannot be read is not a reason to delete it. */
export const expiry: ColumnRule = { isGood: isTime, mend: () => never };

/** A name of the given kind. */
export const name = (isName: (value: string) => boolean): ColumnRule => ({ isGood: (value) => isName(String(value)) });

/** One part of a path. */
export const pathPart = name(
  (value) => value !== "" && value !== "." && value !== ".." && value.length < 256 && !/[/\0\n]/.test(value),
);
