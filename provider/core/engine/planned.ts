/** Planned: what a preview tells of an object that is about to be made or changed: what is known before, and no more. */
import type { Core } from "./core";
import { type Props, unknownValue } from "./values";

/**
 * @param news checked inputs @param olds last outputs, of an object that is changed
 * @returns outputs, with unknowns where only the server will tell; what an update does not touch stays
 */
export function plannedOuts(core: Core, news: Props, olds?: Props): Props {
  const names = Object.keys(core.outputs.shape);
  const given = Object.fromEntries(names.map((name) => [name, olds === undefined ? unknownValue : olds[name]]));
  return { ...news, ...given, ...core.planned?.(news, olds) };
}
