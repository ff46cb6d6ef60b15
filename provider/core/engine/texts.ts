/** Texts: LXD's maps hold text only, and programs say 2 and true. */
import { isMap, type Props } from "./values";

const asText = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;

const textsOf = (map: unknown): unknown =>
  isMap(map) ? Object.fromEntries(Object.entries(map).map(([name, value]) => [name, asText(value)])) : map;

const textsOfEach = (maps: unknown): unknown =>
  isMap(maps) ? Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, textsOf(map)])) : maps;

/** @returns these of the inputs, with numbers, true and false within them as text */
export const textsIn = (inputs: Props, ...names: readonly string[]): Props =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = inputs[name];
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.map(asText) : textsOf(value)]];
    }),
  );

/** Lists of maps that hold text only: rules of ACLs and ports of forwards. */
const lists = ["ingress", "egress", "ports"] as const;

/** Writes numbers, true and false as text in the maps that hold nothing else on the wire. */
export function withTexts(inputs: Props): Props {
  const texts: Props = { ...inputs };
  if (inputs.config !== undefined) texts.config = textsOf(inputs.config);
  if (inputs.properties !== undefined) texts.properties = textsOf(inputs.properties);
  if (inputs.devices !== undefined) texts.devices = textsOfEach(inputs.devices);
  for (const name of lists) {
    const list = inputs[name];
    if (Array.isArray(list)) texts[name] = list.map(textsOf);
  }
  return texts;
}
