/** Texts: LXD's maps hold text only, and programs say 2 and true. */
import { secretsProperty } from "./secrets";
import { isMap, type Props, unknownValue } from "./values";

const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

const asText = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;

/** Keys and options whose value is a list of words for LXD, mostly names of other objects. */
const listKeys: readonly string[] = [
  "security.acls",
  "security.egress.allow",
  "dns.zone.forward",
  "dns.zone.reverse.ipv4",
  "dns.zone.reverse.ipv6",
];

/** A list of words is one text with commas between; one that is not known yet makes the whole unknown. */
function asOneText(value: unknown, key: string): unknown {
  if (!Array.isArray(value) || !listKeys.includes(key)) return asText(value);
  if (value.length === 0 || !value.every(isPlain)) return value;
  return value.includes(unknownValue) ? unknownValue : value.join(",");
}

/** Secrets within a list that became one text make the whole text one. */
function withWholeSecrets(before: Props, texts: Props): Props {
  const paths = before[secretsProperty];
  if (!Array.isArray(paths)) return texts;
  const at = (root: unknown, path: readonly string[]): unknown =>
    path.reduce<unknown>(
      (value, name) => (isMap(value) || Array.isArray(value) ? (value as Props)[name] : undefined),
      root,
    );
  const cut = (path: readonly string[]): readonly string[] => {
    const joined = path.findIndex(
      (_, end) => Array.isArray(at(before, path.slice(0, end))) && typeof at(texts, path.slice(0, end)) === "string",
    );
    return joined < 0 ? path : path.slice(0, joined);
  };
  return { ...texts, [secretsProperty]: paths.map((path) => (Array.isArray(path) ? cut(path.map(String)) : path)) };
}

const textsOf = (map: unknown, asOne: (value: unknown, key: string) => unknown = asOneText): unknown =>
  isMap(map) ? Object.fromEntries(Object.entries(map).map(([name, value]) => [name, asOne(value, name)])) : map;

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

/** Lists of maps that hold text only: rules of ACLs, ports of forwards and load balancers, backends of these. */
const lists = ["ingress", "egress", "ports", "backends"] as const;

/** Writes numbers, true and false as text in the maps that hold nothing else on the wire. */
export function withTexts(inputs: Props): Props {
  const texts: Props = { ...inputs };
  if (inputs.config !== undefined) texts.config = textsOf(inputs.config);
  if (inputs.properties !== undefined) texts.properties = textsOf(inputs.properties);
  if (inputs.devices !== undefined) texts.devices = textsOfEach(inputs.devices);
  for (const name of lists) {
    const list = inputs[name];
    if (Array.isArray(list)) texts[name] = list.map((one) => textsOf(one, asText));
  }
  return withWholeSecrets(inputs, texts);
}
