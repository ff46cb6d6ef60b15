/**
 * Imported: an object that was read by its id and was never written for a program. A server does not tell all that programs say: where an
 * object came from in the program's words, how long to wait for it. What the program then says of these is no change.
 */
import type { Config } from "../../../sdk/api/common";
import { isOneOf } from "../../../sdk/api/config/table";
import { type ComputedKeys, userConfig } from "./config";
import { ownerIn } from "./stamp";
import { isMap, type Props } from "./values";

/** Hidden output of such an object: names of the inputs whose values were guessed from what the server tells. */
export const importedProperty = "__imported";

export const isImported = (props: Props): boolean => Array.isArray(props[importedProperty]);

/** Hidden output of such an object: configuration that the server fills in, and that a program may have set all the same. */
const filledInProperty = "__filledIn";

/** Keeps what the server filled in, or somebody set. @param live the whole configuration */
export function withFilledIn(outs: Props, live: Config, computed: ComputedKeys, hidden: ComputedKeys): Props {
  if (!isImported(outs)) return outs;
  const filledIn = Object.entries(live).filter(([key]) => isOneOf(computed, key) && !isOneOf(hidden, key));
  return { ...outs, [filledInProperty]: Object.fromEntries(filledIn) };
}

/** Outputs with the keys that the program says, of those that the server may have filled in. @param news inputs */
export function withSaid(olds: Props, news: Props): Props {
  const filledIn = olds[filledInProperty];
  if (!isImported(olds) || !isMap(filledIn) || !isMap(olds.config) || !isMap(news.config)) return olds;
  const said = Object.entries(filledIn as Config).filter(([key]) => Object.hasOwn(news.config as Props, key));
  return { ...olds, config: { ...userConfig(Object.fromEntries(said), news.config as Config, []), ...olds.config } };
}

/** Inputs that no server tells, beside those that say where an object came from. */
const words: readonly string[] = ["wait", "files", "allowRestart", "timeouts", "sourceFile", "template", "trigger"];

/** @param name of an input @param replacing inputs whose change needs another object */
export const isUntold = (before: Props, name: string, replacing: readonly string[]): boolean =>
  isImported(before) && before[name] === undefined && (words.includes(name) || replacing.includes(name));

/**
 * Fills in what the program has said of an imported object since, which the engine keeps among the inputs. A guess goes: the program's own
 * words may be others for the same.
 * @param olds last outputs @param inputs last inputs; those of an import itself have no owner
 */
export function withWords(olds: Props, inputs: Props): Props {
  if (!isImported(olds)) return olds;
  const guessed = (olds[importedProperty] as unknown[]).map(String);
  const isGuess = (name: string) => guessed.includes(name);
  const kept = Object.entries(olds).filter(([name]) => !isGuess(name));
  const said = ownerIn(inputs) === undefined ? [] : Object.entries(inputs);
  return Object.fromEntries([...said.filter(([name]) => olds[name] === undefined || isGuess(name)), ...kept]);
}
