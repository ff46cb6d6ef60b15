/**
 * Secrets: taking the text of secret inputs out of whatever is shown or stored. Pulumi hands them to dynamic providers as plain values, so the
 * resource tells beside them which ones came in as secrets.
 */
import { isSecretKey, isSecretOption } from "../../../sdk/api/config/secret";
import { isMap, type Props, unknownValue } from "./values";

/** Hidden input: where the secrets among the inputs are, as lists of names: [["config", "user.password"], ["wait", "command", "2"]]. */
export const secretsProperty = "__secrets";

/** What stands in the place of a secret. */
export const hiddenText = "[hidden]";

type Path = readonly string[];

function secretPaths(inputs: Props): Path[] {
  const paths = inputs[secretsProperty];
  return Array.isArray(paths) ? paths.filter(Array.isArray).map((path) => path.map(String)) : [];
}

const memberOf = (value: unknown, name: string): unknown =>
  Array.isArray(value) ? value[Number(name)] : isMap(value) ? value[name] : undefined;

/** @returns whether a value is a secret, lies inside of one, or has one inside */
export const isSecretAt = (inputs: Props, ...path: string[]): boolean =>
  secretPaths(inputs).some((secret) => secret.slice(0, path.length).every((name, at) => name === path[at]));

/** All texts inside of a value; numbers as text. */
function textsIn(value: unknown): string[] {
  // Half of a pair, which check refuses, cannot be written in other forms.
  if (typeof value === "string") return value === unknownValue ? [] : [Buffer.from(value).toString()];
  if (typeof value === "number") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isMap(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** Values that are often secret, though nobody said so; they never stand in an error. */
function confidentialTexts(inputs: Props): string[] {
  const config = isMap(inputs.config) ? inputs.config : {};
  const devices = isMap(inputs.devices) ? Object.values(inputs.devices).filter(isMap) : [];
  const files = isMap(inputs.files) ? Object.values(inputs.files) : [];
  return [
    ...Object.entries(config).flatMap(([key, value]) => (isSecretKey(key) ? textsIn(value) : [])),
    ...devices.flatMap(Object.entries).flatMap(([option, value]) => (isSecretOption(option) ? textsIn(value) : [])),
    ...textsIn(inputs.content),
    ...files.flatMap((file) => (isMap(file) ? textsIn(file.content) : [])),
  ];
}

/** Inputs by which messages name objects. A value that is not a secret and equals one of these stays readable. */
const naming = [
  "name",
  "image",
  "source",
  "instance",
  "profiles",
  "driver",
  "type",
  "template",
  "aliases",
  "running",
  "network",
  "listenAddress",
  "zone",
  "bucket",
];

const shortestSecret = 3;
const shortestConfidential = 4;

/** Words of a secret that stand for themselves, such as the password in `password=x`: long, or with digits or capitals among letters. */
const isTelling = (word: string): boolean =>
  word.length >= 16 || (word.length >= 6 && (/\d/.test(word) || (/[a-z]/.test(word) && /[A-Z]/.test(word))));

/** Lines and telling words: commands print parts of what they read. */
function partsOf(secret: string): string[] {
  const lines = secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line.length >= 4);
  const words = secret.split(/[\s=:"'`,;(){}<>|&@]+/).filter(isTelling);
  return [...lines, ...words];
}

const base64Forms = (text: string): string[] =>
  [0, 1, 2].flatMap((shift) => {
    // Within longer data a text begins at any of three places of base64's groups; characters that share bits with neighbours are left out.
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    const whole = bytes.toString("base64").replace(/=+$/, "");
    const first = Math.ceil((shift * 4) / 3);
    const last = bytes.length % 3 === 0 ? whole.length : whole.length - 1;
    const inner = whole.slice(first, last);
    return inner.length < 6 ? [] : [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });

const hexForms = (text: string): string[] => {
  const hex = Buffer.from(text).toString("hex");
  return hex.length < 8 ? [] : [hex];
};

/** Ways in which programs write a text: quoted, escaped, in addresses. */
const writtenForms = (text: string): string[] => [
  text,
  JSON.stringify(text).slice(1, -1),
  JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  encodeURIComponent(text),
  encodeURI(text),
  new URLSearchParams({ "": text }).toString().slice(1),
  text.replaceAll("'", "'\\''"),
  text.replace(/[^\w@%+=:,./-]/g, "\\$&"),
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
];

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Encoded data is broken into lines and groups. */
const broken = (text: string, between: string): string => [...text].map(escaped).join(between);

/** A longer secret is not searched for in encoded data, but by its lines and words, in characters. */
const longestEncoded = 8192;

function patternsOf(secret: string): string[] {
  const plain = writtenForms(secret).map(escaped);
  if (secret.length > longestEncoded) return plain;
  return [
    ...plain,
    ...base64Forms(secret).map((form) => broken(form, "[\\r\\n]*")),
    ...hexForms(secret).map((form) => broken(form, "[\\s:]*")),
  ];
}

/** So many characters in a row of a secret are a part of it, whatever cut it. */
const partLength = 8;

/** Takes pieces of secrets out of a text: programs cut what they print. */
function withoutPieces(text: string, secrets: readonly string[]): string {
  const pieces = new Set<string>();
  for (const secret of secrets.map((one) => one.toLowerCase()))
    for (let at = 0; at + partLength <= secret.length; at++) pieces.add(secret.slice(at, at + partLength));
  const lower = text.toLowerCase();
  if (pieces.size === 0 || lower.length !== text.length) return text;
  let clean = "";
  let hiddenUntil = 0;
  for (let at = 0; at < text.length; at++) {
    if (pieces.has(lower.slice(at, at + partLength))) {
      if (at >= hiddenUntil) clean += hiddenText;
      hiddenUntil = at + partLength;
    }
    if (at >= hiddenUntil) clean += text[at];
  }
  return clean;
}

export type Redact = (text: string) => string;

/**
 * Makes a function that takes the secrets among inputs out of a text: as they are, by line, by telling word and by piece, quoted, and as
 * base64, hexadecimal digits or part of an address.
 */
export function redactorOf(...inputs: Props[]): Redact {
  const names = new Set(inputs.flatMap((one) => naming.flatMap((name) => textsIn(one[name]))));
  const secrets = inputs
    .flatMap((one) => secretPaths(one).flatMap((path) => textsIn(path.reduce<unknown>(memberOf, one))))
    .filter((text) => text.trim().length >= shortestSecret);
  const confidential = inputs
    .flatMap(confidentialTexts)
    .filter((text) => text.trim().length >= shortestConfidential && !names.has(text));
  const parts = secrets.flatMap(partsOf).filter((part) => !names.has(part) || secrets.includes(part));
  const all = [...new Set([...secrets, ...secrets.map((text) => text.trim()), ...parts])].flatMap(patternsOf);
  const plain = [...new Set(confidential)].flatMap((text) => [text, JSON.stringify(text).slice(1, -1)].map(escaped));
  // Longer ones first: a part of a secret may be the whole of another one.
  const ordered = (patterns: string[], flags: string) =>
    [...new Set(patterns)].sort((a, b) => b.length - a.length).map((one) => new RegExp(one, flags));
  const expressions = [...ordered(all, "gi"), ...ordered(plain, "g")];
  return (text) => {
    const clean = expressions.reduce((left, one) => left.replace(one, hiddenText), text);
    return withoutPieces(clean, secrets);
  };
}

/** @returns inputs with each secret replaced, for what shows inputs */
export function withoutSecretValues(inputs: Props): Props {
  const hide = (value: unknown, path: Path): unknown => {
    const [name, ...rest] = path;
    if (name === undefined) return hiddenText;
    if (memberOf(value, name) === undefined) return value;
    if (Array.isArray(value)) return value.map((item, at) => (String(at) === name ? hide(item, rest) : item));
    return { ...(value as Props), [name]: hide((value as Props)[name], rest) };
  };
  return secretPaths(inputs).reduce<Props>((clean, path) => hide(clean, path) as Props, inputs);
}
