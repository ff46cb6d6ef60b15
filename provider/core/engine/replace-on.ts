/** Replace on: the resource option `replaceOnChanges`. The engine applies it to what a provider says of each property, and dynamic ones cannot. */
import type { Diff } from "./core";
import { isMap, type Props, same } from "./values";

/** Hidden input with the paths of the option. */
export const replaceOnProperty = "__replaceOnChanges";

type Step = string | number;
export type Path = readonly Step[];

/** Reads `config["limits.memory"]`, `devices.eth0.network`, `profiles[0]`, `files[*].content`. @returns nothing for a text that is not a path */
export function pathOf(text: string): Step[] | undefined {
  const steps: Step[] = [];
  const step = /\.?([^.[\]"]+)|\[(\d+)\]|\[\*\]|\["((?:[^"\\]|\\.)*)"\]/y;
  while (step.lastIndex < text.length) {
    const found = step.exec(text);
    if (found === null) return undefined;
    const [, name, index, quoted] = found;
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted === undefined ? "*" : (JSON.parse(`"${quoted}"`) as string));
  }
  return steps;
}

/** Whether anything that a path leads to differs. */
function differsAt(before: unknown, wanted: unknown, [step, ...rest]: readonly Step[]): boolean {
  if (step === undefined) return !same(before, wanted);
  const members = (value: unknown): Record<string, unknown> =>
    Array.isArray(value) ? { ...value } : isMap(value) ? value : {};
  const [was, is] = [members(before), members(wanted)];
  // Keys of configuration have dots in them: config.limits.memory is config["limits.memory"].
  const whole = [step, ...rest].join(".");
  if (rest.length > 0 && (whole in was || whole in is)) return !same(was[whole], is[whole]);
  const names = step === "*" ? [...new Set([...Object.keys(was), ...Object.keys(is)])] : [String(step)];
  return names.some((name) => differsAt(was[name], is[name], rest));
}

/**
 * Adds what the program wants another object for. Only properties that changed count.
 * @param changed names of the properties that changed, as they are and as they shall be
 */
export function replacesOn(news: Props, changed: readonly string[], before: Props, wanted: Props): Diff["replaces"] {
  const paths = news[replaceOnProperty];
  if (!Array.isArray(paths)) return [];
  const found = paths.map((text) => pathOf(String(text))).filter((path) => path !== undefined);
  return changed.filter((name) =>
    found.some(([head, ...rest]) => (head === "*" || head === name) && differsAt(before[name], wanted[name], rest)),
  );
}
