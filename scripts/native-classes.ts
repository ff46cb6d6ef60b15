/** Native classes: provider/native/index.ts, the resources of the plugin for programs of Node, made of the same definitions as schema.json. */
import { packageSchema } from "../provider/schema/package";
import type { ObjectSpec, PropertySpec } from "../provider/schema/property";

type Properties = Record<string, PropertySpec>;

/** Properties with keys that an editor knows, and those that take a resource in the place of its name. */
const inputTypes: Readonly<Record<string, string>> = {
  "Container.config": "InstanceConfig<pulumi.Input<ConfigValue>>",
  "Container.devices": "Record<string, pulumi.Input<ContainerDevice>>",
  "Device.properties": "ContainerDevice",
  "ContainerLimits.swap": "ConfigValue",
  "ContainerLimits.cpus": "ConfigValue",
  "ContainerLimits.processes": "ConfigValue",
  "Profile.config": "InstanceConfig<pulumi.Input<ConfigValue>>",
  "Profile.devices": "Record<string, pulumi.Input<ContainerDevice>>",
  "Exec.environment": "Record<string, pulumi.Input<ConfigValue>>",
  "Exec.triggers": "pulumi.Input<ConfigValue>[]",
  "Network.config": "NetworkConfig<OptionValue>",
  "NetworkForward.config": "NetworkForwardConfig<pulumi.Input<ConfigValue>>",
  "NetworkZone.config": "NetworkZoneConfig<pulumi.Input<ConfigValue>>",
  "Project.config": "ProjectConfig<pulumi.Input<ConfigValue>>",
  "ServerConfig.config": "ServerSettings<pulumi.Input<ConfigValue>>",
  "StoragePool.config": "StoragePoolConfig<pulumi.Input<ConfigValue>>",
  "StorageVolume.config": "StorageVolumeConfig<pulumi.Input<ConfigValue>>",
  "NetworkAclRule.destinationPort": "ConfigValue",
  "NetworkAclRule.icmpCode": "ConfigValue",
  "NetworkAclRule.icmpType": "ConfigValue",
  "NetworkAclRule.sourcePort": "ConfigValue",
  "NetworkForwardPort.listenPort": "ConfigValue",
  "NetworkForwardPort.targetPort": "ConfigValue",
  "NetworkLoadBalancerBackend.targetPort": "ConfigValue",
  "NetworkLoadBalancerPort.listenPort": "ConfigValue",
  "Image.properties": "Record<string, pulumi.Input<ConfigValue>>",
};

const configTypes = [
  ...new Set(
    Object.values(inputTypes).flatMap(
      (type) => /^\w+(?=<(?:pulumi\.Input<ConfigValue>|OptionValue)>$)/.exec(type) ?? [],
    ),
  ),
];

const references: Readonly<Record<string, string>> = {
  "Backup.instance": "pulumi.Input<string> | Container",
  "Backup.pool": "pulumi.Input<string> | Named",
  "Backup.volume": "pulumi.Input<string> | Named",
  "Certificate.projects": "pulumi.Input<(pulumi.Input<string> | Named)[]>",
  "Container.image": "pulumi.Input<string> | Image",
  "Container.profiles": "pulumi.Input<(pulumi.Input<string> | Named)[]>",
  "ContainerDisk.pool": "pulumi.Input<string> | Named",
  "ContainerDisk.volume": "pulumi.Input<string> | Named",
  "ContainerNic.network": "pulumi.Input<string> | Named",
  "ContainerSource.instance": "pulumi.Input<string> | Named",
  "ContainerSource.snapshot": "pulumi.Input<string> | Named",
  "Exec.instance": "pulumi.Input<string> | Container",
  "Device.instance": "pulumi.Input<string> | Container",
  "Device.profile": "pulumi.Input<string> | Named",
  "File.instance": "pulumi.Input<string> | Container",
  "NetworkForward.network": "pulumi.Input<string> | Named",
  "NetworkLoadBalancer.network": "pulumi.Input<string> | Named",
  "NetworkPeer.network": "pulumi.Input<string> | Named",
  "NetworkPeer.targetNetwork": "pulumi.Input<string> | Named",
  "NetworkPeer.targetProject": "pulumi.Input<string> | Named",
  "NetworkZoneRecord.zone": "pulumi.Input<string> | Named",
  "Snapshot.instance": "pulumi.Input<string> | Container",
  "StorageBucket.pool": "pulumi.Input<string> | Named",
  "StorageBucketKey.bucket": "pulumi.Input<string> | Named",
  "StorageBucketKey.pool": "pulumi.Input<string> | Named",
  "TrustToken.projects": "pulumi.Input<(pulumi.Input<string> | Named)[]>",
  "StorageVolume.pool": "pulumi.Input<string> | Named",
};

/** Types that Pulumi's schema language has by itself. */
const pulumiTypes: Readonly<Record<string, string>> = {
  "pulumi.json#/Asset": "pulumi.asset.Asset | pulumi.asset.Archive",
};

const nameOf = (token: string): string => token.split(":").at(-1) ?? "";

function plainType({ type, items, additionalProperties, $ref }: PropertySpec): string {
  if ($ref !== undefined) return pulumiTypes[$ref] ?? nameOf($ref);
  if (type === "array") return `${plainType(items!)}[]`;
  if (type === "object") return `Record<string, ${plainType(additionalProperties!)}>`;
  return type === "integer" ? "number" : type!;
}

function inputType({ type, items, additionalProperties, $ref }: PropertySpec): string {
  if ($ref !== undefined) return pulumiTypes[$ref] ?? `${nameOf($ref)}Args`;
  if (type === "array") return `pulumi.Input<${inputType(items!)}>[]`;
  if (type === "object") return `Record<string, pulumi.Input<${inputType(additionalProperties!)}>>`;
  return type === "integer" ? "number" : type!;
}

/** The first paragraph: what follows are lists of keys, which the editor shows at each key. */
const doc = (text: string | undefined): string => `/** ${(text ?? "").split("\n")[0]} */`;

function argsOf(owner: string, properties: Properties, required: readonly string[], title: string): string {
  const lines = Object.entries(properties).map(([name, spec]) => {
    const type = references[`${owner}.${name}`] ?? `pulumi.Input<${inputTypes[`${owner}.${name}`] ?? inputType(spec)}>`;
    return `${doc(spec.description)}\n${name}${required.includes(name) ? "" : "?"}: ${type};`;
  });
  return `${doc(title)}\nexport interface ${owner}Args {\n${lines.join("\n")}\n}`;
}

function shapeOf(name: string, { properties, required, description }: ObjectSpec): string {
  const lines = Object.entries(properties).map(
    ([property, spec]) =>
      `${doc(spec.description)}\n${property}${required.includes(property) ? "" : "?"}: ${plainType(spec)};`,
  );
  return `${doc(description)}\nexport interface ${name} {\n${lines.join("\n")}\n}`;
}

interface Resource {
  readonly description: string;
  readonly inputProperties: Properties;
  readonly requiredInputs: readonly string[];
  readonly properties: Properties;
  readonly required: readonly string[];
}

function classOf(type: string, resource: Resource): string {
  const { description, inputProperties, requiredInputs, properties, required } = resource;
  const outputs = Object.entries(properties).map(([name, spec]) => {
    const isAlways = required.includes(name);
    return `${doc(spec.description)}\ndeclare readonly ${name}: pulumi.Output<${plainType(spec)}${isAlways ? "" : " | undefined"}>;`;
  });
  const fallback = requiredInputs.length === 0 ? " = {}" : "";
  return [
    argsOf(type, inputProperties, requiredInputs, `What a ${type} takes.`),
    "",
    doc(description),
    `export class ${type} extends NativeResource {`,
    outputs.join("\n"),
    "",
    `constructor(name: string, args: ${type}Args${fallback}, options?: pulumi.CustomResourceOptions) {`,
    `super("${type}", ${JSON.stringify(Object.keys(properties))}, name, args, options);`,
    "}",
    "",
    "/** Reads one that exists and never changes it. @param id as an import takes it */",
    "static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {",
    `return new ${type}(name, {} as ${type}Args, { ...options, id });`,
    "}",
    "}",
  ].join("\n");
}

interface Function {
  readonly description: string;
  readonly inputs: ObjectSpec;
  readonly outputs: ObjectSpec;
}

/** A function and its form for values that are known later. */
function functionOf(name: string, { description, inputs, outputs }: Function): string {
  const owner = `${name[0]!.toUpperCase()}${name.slice(1)}`;
  const fallback = inputs.required.length === 0 ? " = {}" : "";
  const lines = Object.entries(inputs.properties).map(
    ([property, spec]) =>
      `${doc(spec.description)}\n${property}${inputs.required.includes(property) ? "" : "?"}: ${plainType(spec)};`,
  );
  return [
    `/** What ${name} takes. */\nexport interface ${owner}Args {\n${lines.join("\n")}\n}`,
    "",
    shapeOf(`${owner}Result`, { ...outputs, description: `What ${name} answers.` }),
    "",
    doc(description),
    `export const ${name} = (args: ${owner}Args${fallback}, options?: pulumi.InvokeOptions): Promise<${owner}Result> =>`,
    `pulumi.runtime.invoke("bothy:index:${name}", { ...args }, options ?? {});`,
    "",
    `/** The same for arguments that are known later. */`,
    `export const ${name}Output = (args: Late<${owner}Args>${fallback}, options?: pulumi.InvokeOutputOptions): pulumi.Output<${owner}Result> =>`,
    `pulumi.runtime.invokeOutput<${owner}Result>("bothy:index:${name}", { ...args }, options ?? {});`,
  ].join("\n");
}

type Named = readonly [name: string, spec: ObjectSpec];

/** The types that inputs refer to, those within other types too. */
function withinInputs(types: readonly Named[], inputs: unknown): Named[] {
  const met = types.filter(([name]) => JSON.stringify(inputs).includes(`:${name}"`));
  const more = types.filter(
    (one) => met.includes(one) || JSON.stringify(met.map(([, spec]) => spec)).includes(`:${one[0]}"`),
  );
  return more.length === met.length ? met : withinInputs(types, [inputs, more.map(([, spec]) => spec)]);
}

/** @returns the text of provider/native/index.ts, before it is formatted */
export function nativeClassesText(): string {
  const { types, resources, functions, provider } = packageSchema();
  const all = Object.entries(types).map(([token, spec]) => [nameOf(token), spec] as const);
  const given = withinInputs(all, inputsOf(resources));
  return [
    "/** bothy/native: the resources of the plugin pulumi-resource-bothy. Made by `npm run gen`; never edited. */",
    'import "../node-version";',
    "",
    'import * as pulumi from "@pulumi/pulumi";',
    `import type { ${configTypes.join(", ")} } from "../dynamic/config-keys";`,
    'import type { DeviceArgs as ContainerDevice, Named, OptionValue } from "../dynamic/reference";',
    'import type { ConfigValue } from "../dynamic/resource";',
    'import { NativeResource } from "./resource";',
    "",
    argsOf("Provider", provider.inputProperties, [], "What a Provider takes."),
    "",
    doc(provider.description),
    "export class Provider extends pulumi.ProviderResource {",
    "constructor(name: string, args: ProviderArgs = {}, options?: pulumi.ResourceOptions) {",
    'super("bothy", name, { ...args }, options);',
    "}",
    "}",
    "",
    ...all.map(([name, spec]) => `${shapeOf(name, spec)}\n`),
    ...given.map(([name, spec]) => `${argsOf(name, spec.properties, spec.required, spec.description ?? "")}\n`),
    ...Object.entries(resources).map(([token, resource]) => `${classOf(nameOf(token), resource)}\n`),
    "/** Arguments that may be known later. */\ntype Late<T> = { [Name in keyof T]: pulumi.Input<T[Name]> };\n",
    ...Object.entries(functions).map(([token, spec]) => `${functionOf(nameOf(token), spec)}\n`),
  ].join("\n");
}

const inputsOf = (resources: Readonly<Record<string, Resource>>): Properties[] =>
  Object.values(resources).map(({ inputProperties }) => inputProperties);
