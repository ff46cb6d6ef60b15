/** Planned: what a preview tells of an object that is about to be made or changed: what is known before, and no more. */
import type { Core } from "./core";
import { holdsUnknown, type Props, unknownValue } from "./values";

/** The id that a new object will have; nothing when that is not known yet, or the name is made anew at each run. */
export function plannedId(core: Core, news: Props): string | undefined {
  const parts = core.idInputs.map((name) => news[name]);
  const isKnown = parts.every((part) => typeof part === "string" && part !== "") && !holdsUnknown(parts);
  return isKnown && news.__logicalName === undefined ? parts.join("/") : undefined;
}

/**
 * @param news checked inputs @param olds last outputs, of an object that is changed
 * @returns outputs, with unknowns where only the server will tell; what an update does not touch stays
 */
export function plannedOuts(core: Core, news: Props, olds?: Props): Props {
  const names = Object.keys(core.outputs.shape);
  const given = Object.fromEntries(names.map((name) => [name, olds === undefined ? unknownValue : olds[name]]));
  return { ...news, ...given, ...core.planned?.(news, olds) };
}
