/** Package: schema.json, made from the same definitions that check inputs at run time. */
import * as z from "zod";
import type { Core } from "../core/engine/core";
import { replacingInputs } from "../core/engine/inputs";
import type { CoreFunction } from "../core/functions/function";
import { functions } from "../core/functions/functions";
import { cores } from "../core/kinds/cores";
import { ProviderInputs } from "../plugin/configuration";
import { objectOf, type PropertySpec, type Types } from "./property";

interface ResourceSpec {
  description: string;
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
  properties: Record<string, PropertySpec>;
  required: string[];
}

const nounOf = ({ kind }: Core): string => kind.replaceAll("-", " ");

const asOutput = ({ default: _, willReplaceOnChanges: __, ...rest }: PropertySpec): PropertySpec => rest;

/**
 * How generated packages are called. `bothy` of npm is this package, which brings the plugin along, so that one has another name there.
 * No module path or namespace claims to be of Pulumi's own: in Go it is a path that a program replaces by the folder of the package,
 * in .NET and Java the prefix that packages of others than Pulumi have.
 */
const language = {
  csharp: { rootNamespace: "Community", respectSchemaVersion: true, packageReferences: { Pulumi: "3.*" } },
  go: { importBasePath: "bothy/sdk/bothy", respectSchemaVersion: true, generateResourceContainerTypes: true },
  java: { basePackage: "community" },
  nodejs: { packageName: "bothy-native", respectSchemaVersion: true },
  python: { packageName: "bothy", respectSchemaVersion: true, pyproject: { enabled: true } },
};

/** A name that is not given is made from the resource's own; a default is always there in the outputs. */
function resourceOf(core: Core, types: Types): ResourceSpec {
  const inputs = objectOf(core.inputs, types);
  for (const name of replacingInputs(core.inputs)) {
    const property = inputs.properties[name]!;
    property.description = `${property.description} A change replaces the ${nounOf(core)}.`;
  }
  const outputs = objectOf(core.outputs, types);
  const always = Object.entries(core.inputs.shape)
    .filter(([, field]) => !(field instanceof z.ZodOptional))
    .map(([name]) => name);
  return {
    description: core.description,
    inputProperties: inputs.properties,
    requiredInputs: inputs.required.filter((name) => name !== "name" || core.nameMaxLength === undefined),
    properties: {
      ...Object.fromEntries(Object.entries(inputs.properties).map(([name, spec]) => [name, asOutput(spec)])),
      ...outputs.properties,
    },
    required: [...always, ...outputs.required].sort(),
  };
}

function functionOf({ description, inputs, outputs }: CoreFunction, types: Types) {
  const { properties, required } = objectOf(inputs, types);
  const answer = objectOf(outputs, types);
  const plain = (all: Record<string, PropertySpec>) =>
    Object.fromEntries(Object.entries(all).map(([name, spec]) => [name, asOutput(spec)]));
  return {
    description,
    inputs: { type: "object" as const, properties: plain(properties), required },
    outputs: { type: "object" as const, properties: plain(answer.properties), required: answer.required },
  };
}

/** @returns the whole schema, ready for JSON */
export function packageSchema() {
  const types: Types = {};
  const resources = Object.fromEntries(cores.map((core) => [`bothy:index:${core.type}`, resourceOf(core, types)]));
  const called = Object.fromEntries(functions.map((one) => [`bothy:index:${one.name}`, functionOf(one, types)]));
  const { properties: inputProperties } = objectOf(ProviderInputs, types);
  return {
    name: "bothy",
    displayName: "Bothy",
    description: "Machine containers as code, on a bundled daemon that speaks LXD API 1.0.",
    license: "Apache-2.0",
    keywords: ["category/infrastructure", "containers", "lxd", "incus"],
    language,
    config: { variables: inputProperties },
    provider: {
      description: "A server to manage: a daemon of this machine, or an LXD or Incus elsewhere.",
      inputProperties,
    },
    types: Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1))),
    resources,
    functions: called,
  };
}
