/** API schemas: every type that the routes name, as a JSON schema: bodies as a client may write them, answers as the daemon gives them. */
import type * as z from "zod";
import type { Answer, Says } from "../../daemon/http/says";
import { Operation } from "../../sdk/api/operation";
import { patchOf } from "../../sdk/api/patch";
import type { ApiRoute } from "../../test/support/api-routes";
import { type JsonSchema, namedTypes, namesIn, schemasOf } from "./types";

/** The answers that a route may give. */
export const answersOf = ({ answer }: Says): readonly Answer[] => (Array.isArray(answer) ? answer : [answer as Answer]);

/** What a route may answer with: objects, and messages of a websocket. */
const answerTypes = ({ says }: ApiRoute): z.ZodType[] =>
  answersOf(says).flatMap((answer) => [
    ...("type" in answer ? [answer.type] : []),
    ...("full" in answer && answer.full !== undefined ? [answer.full] : []),
    ...("types" in answer ? answer.types : []),
  ]);

/** Schemas by type, and those that have a name. */
export class ApiSchemas {
  /** Whatever has a name in sdk/api and stands in a body or an answer, by that name. */
  readonly named: Readonly<Record<string, JsonSchema>>;
  /** The same without the bodies of PATCH, which are parts of others. */
  readonly whole: Readonly<Record<string, JsonSchema>>;
  readonly #inBodies: ReadonlySet<string>;
  readonly #patches: ReadonlyMap<z.ZodType, z.ZodType>;
  readonly #given: ReadonlyMap<z.ZodType, JsonSchema>;
  readonly #shown: ReadonlyMap<z.ZodType, JsonSchema>;

  /** @throws Error when a type comes to another schema in bodies than in answers */
  constructor(routes: readonly ApiRoute[]) {
    const names = namedTypes();
    const puts = routes.flatMap(({ says: { patch } }) => patch ?? []);
    const patches = new Map(puts.map((put) => [put, patchOf(put) as z.ZodType]));
    const patchNames = new Set<string>();
    for (const [put, patch] of patches) {
      const name = `${names.get(put)}`.replace(/Put$/, "Patch");
      names.set(patch, name);
      patchNames.add(name);
    }
    const bodies = [...routes.flatMap(({ says: { body } }) => body ?? []), ...puts, ...patches.values()];
    const answers = [...routes.flatMap(answerTypes), Operation];
    const given = schemasOf(names, bodies, "input");
    const shown = schemasOf(names, answers, "output");
    const inBodies = namesIn(given.asked, given.named);
    const inAnswers = namesIn(shown.asked, shown.named);
    for (const name of inBodies)
      if (inAnswers.has(name) && JSON.stringify(given.named[name]) !== JSON.stringify(shown.named[name]))
        throw new Error(`The type ${name} is another one in bodies than in answers. Give it two names in sdk/api.`);
    const used = [...new Set([...inBodies, ...inAnswers])].sort();
    const entries = used.map((name) => [name, (inBodies.has(name) ? given : shown).named[name] ?? {}] as const);
    this.named = Object.fromEntries(entries);
    this.whole = Object.fromEntries(entries.filter(([name]) => !patchNames.has(name)));
    this.#inBodies = inBodies;
    this.#patches = patches;
    this.#given = new Map(bodies.map((type, index) => [type, given.asked[index] ?? {}]));
    this.#shown = new Map(answers.map((type, index) => [type, shown.asked[index] ?? {}]));
  }

  /** Whether clients write a type: its fields may be absent, and have defaults. */
  isOfBodies(name: string): boolean {
    return this.#inBodies.has(name);
  }

  /** @param type that a route names as its body, or as that of which its body is a part */
  body(type: z.ZodType): JsonSchema {
    return this.#given.get(type) ?? {};
  }

  /** The part of a type that a PATCH takes. @param put of which it is a part */
  patch(put: z.ZodType): JsonSchema {
    return this.body(this.#patches.get(put) ?? put);
  }

  /** @param type that a route names in its answer */
  answer(type: z.ZodType): JsonSchema {
    return this.#shown.get(type) ?? {};
  }
}
