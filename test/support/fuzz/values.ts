/** Values for requests that nobody sends on purpose: mostly what a type allows, now and then what it does not. */
import fc from "fast-check";
import type { JsonSchema } from "../../../scripts/api/types";
import { configTables } from "../../../sdk/api/config/tables";

/** Names that mean something to JavaScript, to a file system, to a path or to a shell. */
const oddNames = [
  "",
  ".",
  "..",
  "__proto__",
  "constructor",
  "a/b",
  "a%2fb",
  "a b",
  "-rf",
  "$(id)",
  "\u0000",
  "a\nb",
  "\ud800",
  "😀",
  "İ",
  "x".repeat(300),
  "default",
  "none",
  "*",
];

/** What the daemon of the test has, so that a request is about something: by the part of a path before the name. */
const known: Readonly<Record<string, readonly string[]>> = {
  instances: ["c1", "c2", "c3"],
  snapshots: ["snap0", "snap1"],
  projects: ["lab", "default"],
  networks: ["net0"],
  "storage-pools": ["pool0", "default"],
  profiles: ["extra", "default"],
  aliases: ["template:busybox"],
  volumes: ["custom", "container", "image"],
  ":type": ["vol0", "vol1", "c1"],
};
const knownNames = Object.values(known).flat();

/** Names below a part of a path, such as "instances". */
export const namesBelow = (part: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...(known[part] ?? knownNames)) }, anyText);

/** Values that keys and options know, each good for some of them. */
const words = [
  "",
  "true",
  "false",
  "1",
  "0",
  "-1",
  "007",
  "1e3",
  "9223372036854775808",
  "10%",
  "1GiB",
  "10ms/100ms",
  "auto",
  "none",
  "10.77.1.1/24",
  "10.77.1.2",
  "fd42::1/64",
  "00:16:3e:00:00:01",
  "dynamic",
  "hosts",
  "tcp:127.0.0.1:8080",
  "unix:@fuzz",
  "tmpfs:",
  "{{ a }}",
  "{% if %}",
  "* * * * *",
  "1d",
  "eth0",
  "disk",
  "nic",
  "proxy",
  "unix-char",
  "bridged",
  "p2p",
];

const configKeys = configTables.flatMap(({ tables }) => Object.values(tables).flatMap((table) => Object.keys(table)));
const options = ["type", "path", "pool", "source", "network", "nictype", "name", "hwaddr", "listen", "connect", "size"];

/**
 * A text must not lead out of the test: no address of another machine is among the words, and random texts do not begin with a slash,
 * since some are taken for folders and devices of the host.
 */
export const anyText = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words) },
    { weight: 4, arbitrary: fc.constantFrom(...knownNames) },
    { weight: 2, arbitrary: fc.constantFrom(...oddNames) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  )
  .map((text) => text.replace(/^\/+/, ""));

const keyOf = (what: string | undefined): fc.Arbitrary<string> =>
  what === "devices"
    ? fc.constantFrom("root", "eth0", "a", "__proto__", "x".repeat(70))
    : fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...configKeys.map((key) => key.replace("*", "x"))) },
        { weight: 3, arbitrary: fc.constantFrom(...options) },
        { weight: 1, arbitrary: fc.constantFrom(...oddNames) },
      );

const anything = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  anyText,
  fc.constantFrom<unknown>([], {}, [null], [[]], { type: null }),
);

/** A plain object has no own "__proto__" by assignment; JSON that a client sends may. */
const entries = (pairs: readonly (readonly [string, unknown])[]): object => Object.fromEntries(pairs);

/** Values of fields that a request rarely has by chance, and without which it comes to nothing. */
const likely: Readonly<Record<string, readonly unknown[]>> = {
  config: [{}, {}],
  devices: [{}, { root: { type: "disk", path: "/", pool: "default" } }],
  source: [{ type: "image", alias: "template:busybox" }, { type: "none" }, { type: "copy", source: "c1" }],
  driver: ["dir", "overlay"],
  profiles: [["default"], []],
  command: [["true"], ["echo", "a"]],
  action: ["start", "stop", "freeze", "unfreeze", "restart"],
};

/** @param named types that references mean @param what the field that it is for */
export function madeOf(
  schema: JsonSchema,
  named: Readonly<Record<string, JsonSchema>>,
  what?: string,
): fc.Arbitrary<unknown> {
  const right = fc.oneof(...(likely[what ?? ""] ?? []).map((value) => fc.constant(value)), fits(schema, named, what));
  return fc.oneof({ weight: 24, arbitrary: right }, { weight: 1, arbitrary: anything });
}

function fits(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>, what?: string): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return madeOf(named[name] ?? {}, named, what);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom<unknown>(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => madeOf(one, named, what)));
  const [type] = [schema.type ?? "any"].flat();
  if (type === "string")
    return what === "name" || what === "project" ? namesBelow(what === "project" ? "projects" : "") : anyText;
  if (type === "boolean") return fc.boolean();
  if (type === "integer" || type === "number")
    return fc.constantFrom(0, 1, -1, 80, 65536, 2 ** 31, 2 ** 53, -(2 ** 53), 0.5);
  if (type === "null") return fc.constant(null);
  if (type === "array") return fc.array(madeOf(schema.items ?? {}, named, what), { maxLength: 4 });
  if (type === "object") return objectOf(schema, named, what);
  return anything;
}

function objectOf(
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  named: Readonly<Record<string, JsonSchema>>,
  what?: string,
): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, field]) =>
    fc
      .tuple(fc.constant(name), madeOf(field, named, name), fc.integer({ min: 0, max: 9 }))
      .map(([key, value, chance]) => (chance > (required.includes(key) ? 8 : 4) ? [] : [[key, value] as const])),
  );
  const more =
    typeof additionalProperties === "object"
      ? fc.array(fc.tuple(keyOf(what), madeOf(additionalProperties, named)), { maxLength: 4 })
      : fc.constant([] as [string, unknown][]);
  return fc.tuple(fc.tuple(...fields), more).map(([own, free]) => entries([...own.flat(), ...free]));
}
