/** List: the names of all objects of a kind. */
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import type { Core, Listed } from "../engine/core";
import { endpoint } from "../engine/inputs";
import type { CoreFunction } from "./function";

/** A host's own interface is among the networks of a server, and no network of its. */
const isOwn = (one: Listed): boolean => (one as { managed?: boolean }).managed !== false;

/** @returns the function that lists a kind, where the kind can be listed */
export function listFunction(core: Core): CoreFunction | undefined {
  const { list, idInputs, needs } = core;
  if (list === undefined) return undefined;
  const parents = idInputs.slice(0, -1);
  const words = core.kind.replaceAll("-", " ");
  return {
    name: `get${core.type}s`,
    kind: core.kind,
    ...(needs === undefined ? {} : { needs }),
    description: `Names of all ${words}s${parents.length > 0 ? ` of the ${parents.join()}` : ""}.`,
    inputs: z.strictObject({
      ...Object.fromEntries(
        parents.map((name) => [name, Text.min(1).meta({ description: `The ${name} that the ${words}s are of.` })]),
      ),
      endpoint,
    }),
    outputs: z.object({ names: z.array(z.string()).meta({ description: "Their names, in order." }) }),
    title: (inputs) => parents.map((name) => inputs[name]).join("/") || "all",
    async run(context, inputs) {
      const all = await list(context, inputs);
      return {
        names: all
          .filter(isOwn)
          .map(({ name }) => name)
          .sort(),
      };
    },
  };
}
