/** Alike: inputs that can be written in several ways, each with what makes one way of them. What is wrong, or not known yet, it leaves as it is. */
import { type Props, same } from "./values";

export type Alike = Readonly<Record<string, (value: unknown) => unknown>>;

/** @returns outputs in the words of the program, where these mean what the server says */
export function inOwnWords(alike: Alike, outs: Props, props: Props): Props {
  const spelt = Object.entries(alike)
    .filter(([name, plain]) => props[name] !== undefined && same(plain(props[name]), plain(outs[name])))
    .map(([name]) => [name, props[name]]);
  return { ...outs, ...Object.fromEntries(spelt) };
}

/** A list whose order means nothing, and in which nothing counts twice. */
export const plainSet = (list: unknown): unknown =>
  Array.isArray(list) ? [...new Set(list)].sort((a, b) => (String(a) < String(b) ? -1 : 1)) : list;
