/** Ignored: the resource option `ignoreChanges`: what it names stays as it is, also where somebody else changed it. */
import { type Path, pathOf } from "../core/engine/replace-on";
import { compact, hiddenOf, isMap, type Props, visibleOf } from "../core/engine/values";

/** Gives one place of a value what another one has there. */
function taken(wanted: unknown, before: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return before;
  if (step === "*") {
    const names = [wanted, before].flatMap((value) => (isMap(value) || Array.isArray(value) ? Object.keys(value) : []));
    return [...new Set(names)].reduce((whole, name) => taken(whole, before, [name, ...rest]), wanted);
  }
  const member = (value: unknown): unknown =>
    Array.isArray(value) ? value[Number(step)] : isMap(value) ? value[step] : undefined;
  const value = taken(member(wanted), member(before), rest);
  if (Array.isArray(wanted)) return wanted.map((item, at) => (at === Number(step) ? value : item));
  if (!isMap(wanted)) return value === undefined ? wanted : { [step]: value };
  return { ...wanted, [step]: value };
}

/** @param paths as the program wrote them: `config["user.note"]`, `files[*].content` @param olds last outputs @returns new inputs */
export function withIgnored(news: Props, olds: Props, paths: readonly string[]): Props {
  const found = paths.map((text) => pathOf(text)).filter((path) => path !== undefined);
  const visible = found.reduce<Props>((all, path) => taken(all, visibleOf(olds), path) as Props, visibleOf(news));
  return { ...compact(visible), ...hiddenOf(news) };
}
