/**
 * Values: properties as they cross the wire of a plugin. Secrets, references to resources and values that are not known yet are marked there
 * (sdk/go/common/resource/properties.go); the core has plain values, and the places of the secrets beside them.
 */
import { secretsProperty } from "../core/engine/secrets";
import { compact, isMap, type Props, unknownValue } from "../core/engine/values";
import { inheritedProperty } from "../core/kinds/container/inherited";
import { manifestProperty } from "../core/kinds/file/manifest";
import { Struct } from "./grpc";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Texts that stand for values which are not known yet, by the type that they will have (sdk/go/common/resource/plugin/rpc.go). */
const unknowns: readonly unknown[] = [
  unknownValue,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-77ac-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];

type Place = readonly string[];

function plainOf(value: unknown, place: Place, secrets: string[][]): unknown {
  if (unknowns.includes(value)) return unknownValue;
  if (Array.isArray(value)) return value.map((item, at) => plainOf(item, [...place, String(at)], secrets));
  if (!isMap(value)) return value;
  const isSecret = value[signatureKey] === secretSignature || value.secret === true;
  switch (value[signatureKey]) {
    case secretSignature:
    case outputSignature:
      // Of a manifest hashes are kept as a secret, and no text of anybody.
      if (isSecret && place[0] !== manifestProperty) secrets.push([...place]);
      return plainOf(value.value ?? unknownValue, place, secrets);
    case resourceSignature:
      return plainOf(value.id || unknownValue, place, secrets);
    default:
      return Object.fromEntries(
        Object.entries(value).map(([name, member]) => [name, plainOf(member, [...place, name], secrets)]),
      );
  }
}

/** @returns plain properties; `__secrets` among them tells which are secrets, when any is */
export function propsOf(struct: Struct | undefined): Props {
  const secrets: string[][] = [];
  const props = plainOf(struct?.toJavaScript() ?? {}, [], secrets) as Props;
  const { [secretsProperty]: _, ...rest } = props;
  return secrets.length === 0 ? rest : { ...rest, [secretsProperty]: secrets };
}

export const secretPlaces = (props: Props): Place[] => (props[secretsProperty] as Place[] | undefined) ?? [];

/** Says that the places of some properties' secrets hold secrets in others too. */
export function withSecretsOf(props: Props, ...others: Props[]): Props {
  const all = new Map([props, ...others].flatMap(secretPlaces).map((place) => [JSON.stringify(place), place]));
  return all.size === 0 ? props : { ...props, [secretsProperty]: [...all.values()] };
}

/** Marks one place; nothing where there is no value, or within one that is marked already. */
function marked(value: unknown, [name, ...rest]: Place): unknown {
  if (value === undefined || (isMap(value) && value[signatureKey] === secretSignature)) return value;
  if (name === undefined) return { [signatureKey]: secretSignature, value };
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === name ? marked(item, rest) : item));
  if (!isMap(value) || value[name] === undefined) return value;
  return { ...value, [name]: marked(value[name], rest) };
}

/** @param props plain properties, with `__secrets`; what a copy inherits may hold secrets of its source, and is secret as a whole */
export function structOf(props: Props): Struct {
  const { [secretsProperty]: _, ...plain } = compact(props);
  const places = [[inheritedProperty], [manifestProperty], ...secretPlaces(props)].sort((a, b) => a.length - b.length);
  const all = places.reduce<Props>((whole, place) => marked(whole, place) as Props, plain);
  return Struct.fromJavaScript(all as Parameters<typeof Struct.fromJavaScript>[0]);
}
