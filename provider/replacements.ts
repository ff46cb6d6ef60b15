/** Replacements: what the plans of this run replace by what. Creates and deletes are not told, and a process serves one run. */
import type { Diff, Replaced } from "./core/engine/core";
import { ownerIn } from "./core/engine/stamp";
import { holdsUnknown, type Props, visibleOf } from "./core/engine/values";

interface Replacement {
  readonly old: Replaced;
  readonly news: Props;
  readonly deleteFirst: boolean;
}

const byNew = new Map<string, Replacement>();
const byId = new Map<string, Replacement>();

/** By the resource; by all that it is, for one of a program that does not say which it is. */
function newKey(kind: string, news: Props): string {
  const { project, stack, parents = "", resource } = ownerIn(news) ?? {};
  return JSON.stringify([kind, ...(resource === undefined ? [visibleOf(news)] : [project, stack, parents, resource])]);
}

const idKey = (kind: string, id: string): string => JSON.stringify([kind, id]);

/** Takes note of a plan, or that an earlier one does not stand. */
export function notePlan(kind: string, old: Replaced, news: Props, diff: Diff): void {
  const next = newKey(kind, news);
  const id = idKey(kind, old.id);
  byId.delete(id);
  byNew.delete(next);
  if (diff.replaces.length === 0) return;
  const replacement = { old, news, deleteFirst: diff.deleteBeforeReplace };
  byId.set(id, replacement);
  byNew.set(next, replacement);
}

/** The object that a new one replaces and that is still there. */
export function replacedBy(kind: string, news: Props): Replaced | undefined {
  const replacement = byNew.get(newKey(kind, news));
  return replacement?.deleteFirst === false ? replacement.old : undefined;
}

/** What an object is deleted for, when its place is needed first. What is not known yet is not there. */
export function successorOf(kind: string, id: string): Props | undefined {
  const replacement = byId.get(idKey(kind, id));
  return replacement?.deleteFirst && !holdsUnknown(replacement.news) ? replacement.news : undefined;
}
