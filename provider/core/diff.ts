/** Diff: what changed between the last outputs and the new inputs, and what that asks for. */
import type { z } from "zod";
import { withDefaults } from "./check";
import { withoutEmpty } from "./config";
import type { Diff } from "./core";
import { compact, holdsUnknown, isMap, type Props, same } from "./values";

export interface DiffRules {
  readonly schema: z.ZodObject;
  /** Properties whose change needs another object. */
  readonly replaceOn: readonly string[];
  /** Properties that say how to work, not what to make: a change of them is stored and nothing else. */
  readonly hidden?: readonly string[];
}

/** Pulumi creates before it deletes, and names are unique: a name that the user chose must be free first. */
const hasFixedName = (news: Props): boolean => news.__logicalName === undefined;

function differs(name: string, old: unknown, wanted: unknown): boolean {
  if (name === "config" && isMap(old) && isMap(wanted))
    return !same(withoutEmpty(old as Record<string, string>), withoutEmpty(wanted as Record<string, string>));
  return !same(old, wanted);
}

/**
 * Compares property by property. Inputs stand among the outputs with the server's values, so this finds drift as well.
 * A property that the state does not know (after `Resource.get`) never asks for a replacement.
 */
export function diffProps(rules: DiffRules, olds: Props, news: Props): Diff {
  const before = withDefaults(rules.schema, compact(olds));
  const wanted = withDefaults(rules.schema, compact(news));
  const changed = Object.keys(rules.schema.shape).filter((name) => differs(name, before[name], wanted[name]));
  const replaces = changed.filter(
    (name) => rules.replaceOn.includes(name) && before[name] !== undefined && !holdsUnknown(wanted[name]),
  );
  const changedHidden = (rules.hidden ?? []).filter(
    (name) => wanted[name] !== undefined && before[name] !== undefined && !same(before[name], wanted[name]),
  );
  const replacedHidden = changedHidden.filter((name) => !holdsUnknown(wanted[name]));
  return {
    changes: changed.length > 0 || replacedHidden.length > 0,
    replaces: [...replaces, ...replacedHidden],
    deleteBeforeReplace: (replaces.length > 0 || replacedHidden.length > 0) && hasFixedName(news),
  };
}
