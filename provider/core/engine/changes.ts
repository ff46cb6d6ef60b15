/** Changes: where two values differ, by paths that lead as deep as both have maps and lists. */
import { isMap, same } from "./values";

export type Path = readonly (string | number)[];

export interface Change {
  readonly path: Path;
  readonly kind: "add" | "update" | "delete";
}

/** @param path where the two values stand @returns nothing when they are the same */
export function changesIn(before: unknown, wanted: unknown, path: Path): Change[] {
  if (same(before, wanted)) return [];
  if (before === undefined) return [{ path, kind: "add" }];
  if (wanted === undefined) return [{ path, kind: "delete" }];
  const within = (name: string | number, was: unknown, is: unknown) => changesIn(was, is, [...path, name]);
  if (isMap(before) && isMap(wanted)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(wanted)])];
    return names.flatMap((name) => within(name, before[name], wanted[name]));
  }
  if (Array.isArray(before) && Array.isArray(wanted)) {
    const longer = before.length > wanted.length ? before : wanted;
    return longer.flatMap((_, at) => within(at, before[at], wanted[at]));
  }
  return [{ path, kind: "update" }];
}
