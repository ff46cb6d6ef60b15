/** Diff: what changed between the last outputs and the new inputs, and what that asks for. */
import type * as z from "zod";
import type { Alike } from "./alike";
import { type Change, changesIn } from "./changes";
import { withDefaults } from "./check";
import type { Diff } from "./core";
import { isUntold, withSaid } from "./imported";
import { replacingInputs } from "./inputs";
import { replacesOn } from "./replace-on";
import { compact, holdsUnknown, isMap, type Props, same, withoutEmptyValues } from "./values";

export interface DiffRules {
  /** Inputs marked as replacing: a change needs another object. One that is not known yet may change, so a preview shows the replacement. */
  readonly schema: z.ZodObject;
  /** Properties that can be written in several ways. */
  readonly alike?: Alike;
  /** Properties of which only some changes need another object; asked when the property changed or is not known yet. */
  readonly replaceWhen?: Readonly<Record<string, (before: unknown, wanted: unknown) => boolean>>;
  /** Inputs whose meaning other inputs have too, since check put it there. */
  readonly saidElsewhere?: readonly string[];
  /** For objects that others use, who go on with the next one while this one is still there: what the two cannot have alike. */
  readonly hasUsers?: { readonly exclusiveKeys: readonly string[] };
  /** Hidden inputs that tell an object from its replacement: a change replaces, one that is not known yet says nothing. */
  readonly hidden?: readonly string[];
  /** Hidden inputs that are known as long as the object behind them stays: one that is not known yet replaces. */
  readonly hiddenIds?: readonly string[];
}

/** Pulumi creates before it deletes, and names are unique: a name that the user chose must be free first. */
const hasFixedName = (news: Props): boolean => news.__logicalName === undefined;

/** Whether the next object can stand beside this one, so that users move over before this one goes. */
function canStandBeside({ hasUsers }: DiffRules, before: Props, wanted: Props, replaces: readonly string[]): boolean {
  if (hasUsers === undefined || holdsUnknown(wanted.name)) return false;
  if (replaces.includes("endpoint")) return true;
  const [was, is] = [before.config, wanted.config].map((config) => (isMap(config) ? config : {}));
  return before.name !== wanted.name && !hasUsers.exclusiveKeys.some((key) => was?.[key] && was[key] === is?.[key]);
}

/** Properties that say how an object comes to be, and nothing of it. */
const passing: readonly string[] = ["adopt"];

/** A name that was made is kept, also when the inputs have another: the object was found again under the one that it has. */
const withKeptName = (olds: Props, news: Props): Props =>
  hasFixedName(olds) || hasFixedName(news) || olds.name === undefined ? news : { ...news, name: olds.name };

/** Properties whose empty values mean "not set": no value and an empty one are the same. */
const emptyIsUnset: readonly string[] = ["config", "devices", "properties"];

function changesOf({ alike }: DiffRules, name: string, old: unknown, wanted: unknown): Change[] {
  const plain = alike?.[name];
  if (plain !== undefined && old !== undefined && wanted !== undefined)
    return changesIn(plain(old), plain(wanted), [name]);
  if (!emptyIsUnset.includes(name)) return changesIn(old, wanted, [name]);
  return changesIn(withoutEmptyValues(old), withoutEmptyValues(wanted), [name]);
}

/**
 * Compares property by property. Inputs stand among the outputs with the server's values, so this finds drift as well.
 * A property that the state does not know (after `Resource.get`) never asks for a replacement.
 */
export function diffProps(rules: DiffRules, olds: Props, news: Props): Diff {
  const before = withDefaults(rules.schema, withSaid(compact(olds), news));
  const wanted = withKeptName(before, withDefaults(rules.schema, compact(news)));
  const replacing = replacingInputs(rules.schema);
  const properties = Object.keys(rules.schema.shape).filter(
    (name) => !passing.includes(name) && !rules.saidElsewhere?.includes(name) && !isUntold(before, name, replacing),
  );
  const details = properties.flatMap((name) => changesOf(rules, name, before[name], wanted[name]));
  const changed = [...new Set(details.map(({ path }) => String(path[0])))];
  const needsAnother = (name: string) =>
    replacing.includes(name) || rules.replaceWhen?.[name]?.(before[name], wanted[name]) === true;
  const needed = changed.filter((name) => before[name] !== undefined && needsAnother(name));
  const replaces = [...new Set([...needed, ...replacesOn(news, changed, before, wanted)])];
  const { hidden = [], hiddenIds = [] } = rules;
  const replacedHidden = [...hidden, ...hiddenIds].filter(
    (name) =>
      wanted[name] !== undefined &&
      before[name] !== undefined &&
      !same(before[name], wanted[name]) &&
      (hiddenIds.includes(name) || !holdsUnknown(wanted[name])),
  );
  const deleteFirst = hasFixedName(news) && !canStandBeside(rules, before, wanted, replaces);
  return {
    changes: changed.length > 0 || replacedHidden.length > 0,
    replaces: [...replaces, ...replacedHidden],
    deleteBeforeReplace: (replaces.length > 0 || replacedHidden.length > 0) && deleteFirst,
    details,
    deleteFirst,
  };
}
