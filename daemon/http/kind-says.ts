/** Kind says: what the routes that every kind has tell of themselves, from the kind's definition. */
import type * as z from "zod";
import type { Kind } from "../../sdk/api/kind";
import { dryRun } from "./dry-run";
import { allProjects, answers, filter, recursion } from "./says";

/** What people call many of a kind: "image aliases". */
export const manyOf = ({ title }: Pick<Kind, "title">): string => `${title}${title.endsWith("s") ? "es" : "s"}`;

/** @param isInProjects whether the kind's objects live in projects */
export function kindSays<Put extends z.ZodObject, Post extends z.ZodType, Shown extends z.ZodType>(
  kind: Kind<Put, Post, Shown>,
  isInProjects: boolean,
) {
  const { put, post, shown, says = {} } = kind;
  const title = kind.title.toLowerCase();
  const one = `${/^[aeiou]/.test(title) ? "an" : "a"} ${title}`;
  /** What the kind says for its client's docstrings, without their tags. */
  const said = (call: keyof typeof says, usual: string) => says[call]?.replace(/\s*@.*/s, "") || usual;
  return {
    list: {
      summary: said("list", `Lists ${manyOf(kind).toLowerCase()}.`),
      query: { ...recursion, ...filter, ...(isInProjects ? allProjects : {}) },
      answer: answers.list(shown),
    },
    create: {
      summary: said("create", `Makes ${one}.`),
      query: dryRun.query,
      body: post,
      answer: [answers.created, dryRun.answer],
    },
    get: { summary: said("get", `Shows ${one}.`), tagged: true, answer: answers.one(shown) },
    update: {
      summary: said("update", `Replaces the mutable part of ${one}.`),
      body: put,
      tagged: true,
      answer: answers.nothing,
    },
    patch: {
      summary: said("patch", `Changes some of the mutable part of ${one}.`),
      patch: put,
      tagged: true,
      answer: answers.nothing,
    },
    rename: { summary: said("rename", `Renames ${one}.`), answer: answers.created },
    remove: { summary: said("delete", `Deletes ${one}.`), answer: answers.nothing },
  } as const;
}
