/** Client calls: the typed calls that every kind has, made from its definition, as a person would have written them. */
import type { Kind } from "../sdk/api/kind";
import { kinds } from "../sdk/api/kinds";

const pascal = (words: string): string =>
  words.replace(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** Names of the types in sdk/api, by LXD's custom: Put and Post of one object, Post of the collection. */
function typesOf(kind: Kind): { shown: string; put: string; post: string; rename: string } {
  const one = pascal(kind.name);
  return { shown: kind.shownName ?? one, put: `${one}Put`, post: `${manyOf(kind)}Post`, rename: `${one}Post` };
}

/** "ImageAliases" of "image-alias": its own words, with the ending of the collection's path. */
function manyOf({ name, path }: Kind): string {
  const last = path.slice(path.lastIndexOf("/") + 1);
  const words = name.split("-");
  const tail = last.split("-").at(-1) ?? last;
  return pascal([...words.slice(0, -1), tail].join("-"));
}

const doc = (text: string | undefined): string => (text === undefined ? "" : `  /** ${text} */\n`);

/** "imageAliasCalls" of "image-alias". */
const callsOf = ({ name }: Kind): string => `${pascal(name).replace(/^./, (letter) => letter.toLowerCase())}Calls`;

/** The file sdk/client/<kind>.ts of a kind. */
function callsText(kind: Kind): string {
  const module = kind.file ?? kind.name;
  const { shown, put, post, rename } = typesOf(kind);
  const [one, many] = [pascal(kind.name), manyOf(kind)];
  const says = kind.says ?? {};
  const calls = callsOf(kind);
  const { parent } = kind;
  const path = parent === undefined ? kind.path : kind.path.replace(`{${parent}}`, `\${${parent}}`);
  /** What comes before the other parameters of a call, and the path of all. */
  const within = parent === undefined ? "" : `${parent}: string, `;
  const [all, each] = parent === undefined ? ["all", "one(name)"] : [`all(${parent})`, `one(${parent}, name)`];
  const types = [shown, put, post, ...(kind.rename === undefined ? [] : [rename])].sort((a, b) => (a < b ? -1 : 1));
  return `/** ${kind.title}: typed calls. Made by \`npm run gen\` from sdk/api/${module}.ts. */
import type * as z from "zod";
import { ${types.join(", ")} } from "../api/${module}";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

${parent === undefined ? `const all = "${path}";` : `const all = (${parent}: string) => urlOf\`${path}\`;`}
const one = (${within}name: string) => urlOf\`${path}/\${name}\`;

export const ${calls} = (wire: Wire) => ({
${doc(says.list)}  list${many}: (${within}options?: CallOptions): Promise<${shown}[]> => wire.get(\`\${${all}}?recursion=1\`, listOf(${shown}), options),

${doc(says.get ?? "@throws ApiError NOT_FOUND")}  get${one}: (${within}name: string, options?: CallOptions): Promise<Tagged<${shown}>> => wire.getTagged(${each}, ${shown}, options),

${doc(says.create ?? "@throws ApiError CONFLICT when the name is taken")}  create${one}: (${within}post: z.input<typeof ${post}>, options?: CallOptions): Promise<void> => wire.write("POST", ${all}, { ...options, body: body(${post}, post) }),

${doc(says.update ?? "Replaces the whole mutable part.")}  update${one}: (${within}name: string, put: z.input<typeof ${put}>, options?: WriteOptions): Promise<void> => wire.write("PUT", ${each}, { ...options, body: body(${put}, put) }),

${doc(says.patch ?? "Merges: configuration key by key, devices by name, other fields when they are given.")}  patch${one}: (${within}name: string, patch: Partial<z.output<typeof ${put}>>, options?: WriteOptions): Promise<void> => wire.write("PATCH", ${each}, { ...options, body: body(patchOf(${put}), patch) }),
${
  kind.rename === undefined
    ? ""
    : `
${doc(says.rename)}  rename${one}: (${within}name: string, newName: string, options?: CallOptions): Promise<void> => wire.write("POST", ${each}, { ...options, body: body(${rename}, { name: newName }) }),
`
}
${doc(says.delete)}  delete${one}: (${within}name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", ${each}, options),
});
`;
}

/** The file that has the calls of all such kinds. */
const allText =
  (): string => `/** Kinds: the calls of all kinds whose calls are made. Made by \`npm run gen\` from sdk/api/kinds.ts. */
${kinds.map((kind) => `import { ${callsOf(kind)} } from "./${kind.name}";\n`).join("")}import type { Wire } from "./wire";

export const kindsCalls = (wire: Wire) => ({
${kinds.map((kind) => `  ...${callsOf(kind)}(wire),\n`).join("")}});
`;

/** The made files by their path, before they are formatted. */
export const clientCallFiles = (): readonly (readonly [file: string, text: string])[] => [
  ...kinds.map((kind) => [`sdk/client/${kind.name}.ts`, callsText(kind)] as const),
  ["sdk/client/kinds.ts", allText()],
];
