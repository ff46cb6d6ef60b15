/** Resource: what every kind of the dynamic door has in common. */
import * as pulumi from "@pulumi/pulumi";
import { referencesProperty } from "../check-references";
import { othersProperty } from "../core/engine/core";
import { replaceOnProperty } from "../core/engine/replace-on";
import { secretsProperty } from "../core/engine/secrets";
import { ownerProperty } from "../core/engine/stamp";
import { declare, endpointsOf } from "./endpoints";
import { previewProperty, readProperty } from "./hidden";
import { type Checkable, othersThatFail } from "./preflight";
import { optionNames } from "./reference";
import { isLate, secretPathsOf } from "./secret-paths";
import { stubOf } from "./stub";

export { argsOf } from "./args";

/** Properties that every kind takes. */
export interface CommonArgs {
  /**
   * Daemon that holds the object, such as `unix:///var/lib/bothy/unix.socket`. When absent: the stack's `bothy:endpoint`, then
   * BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the object.
   */
  endpoint?: pulumi.Input<string>;
  /**
   * Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program
   * says; what only another object could have is refused.
   */
  adopt?: pulumi.Input<boolean>;
  /** How long create, update and delete may take; 10 minutes each when absent. `customTimeouts` does not reach dynamic resources. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A value of a configuration key or of a device's option; all are text for the daemon. */
export type ConfigValue = string | number | boolean;

export interface TimeoutsArgs {
  /** Ceiling of create, in seconds. */
  createSeconds?: pulumi.Input<number>;
  /** Ceiling of update, in seconds. */
  updateSeconds?: pulumi.Input<number>;
  /** Ceiling of delete, in seconds. */
  deleteSeconds?: pulumi.Input<number>;
}

/** What a resource needs of its core; narrow, so that programs need not compile zod's types to use this package. */
interface ResourceKind extends Checkable {
  readonly kind: string;
  readonly inputs: { readonly shape: object };
  readonly outputs: { readonly shape: object };
}

/** Prefix of the types in state and options: `pulumi-nodejs:dynamic/bothy:Container`. */
const typePrefix = "pulumi-nodejs:dynamic/bothy";

/**
 * A dynamic resource of one kind. It is what `pulumi.dynamic.Resource` would make, except that `__provider` is our frozen text
 * (stub.ts) and not what Pulumi's serialiser makes of an object.
 */
export abstract class BothyResource extends pulumi.CustomResource {
  /**
   * @param args inputs by name; outputs that the server adds are declared here as undefined by their kind's core
   * @param references what the program gives of other resources, by property, before it becomes names
   */
  protected constructor(
    core: ResourceKind,
    name: string,
    args: pulumi.Inputs,
    options: pulumi.CustomResourceOptions | undefined,
    references: Readonly<Record<string, unknown>> = {},
  ) {
    const properties = [...Object.keys(core.outputs.shape), ...Object.keys(core.inputs.shape)];
    const declared = Object.fromEntries(properties.map((property) => [property, undefined]));
    // What no kind knows goes along: check says so.
    const inputs: pulumi.Inputs = { ...args };
    if (inputs.config !== undefined) inputs.config = optionNames(inputs.config);
    // The name of an object that the user did not name is made from this one; check does not know it otherwise.
    if ("name" in core.inputs.shape && (args.name ?? undefined) === undefined) inputs.__logicalName = name;
    inputs[secretsProperty] = secretPathsOf(inputs, options?.additionalSecretOutputs ?? []);
    const where = endpointsOf(args.endpoint, references);
    inputs.endpoint = where.endpoint;
    inputs[referencesProperty] = where.references;
    if (options?.id === undefined) inputs[ownerProperty] = ownerOf(name, options?.parent);
    // What is named by another resource may be made by the same program, and is not there yet in a preview.
    else inputs[readProperty] = !(isLate(options.id) && pulumi.runtime.isDryRun());
    inputs[replaceOnProperty] = options?.replaceOnChanges;
    // What exists is only read, and never checked.
    if (options?.id === undefined) {
      inputs[othersProperty] = othersThatFail(core, name, inputs);
      // Check takes it off again: no state has it.
      if (pulumi.runtime.isDryRun()) inputs[previewProperty] = true;
    }
    super(`${typePrefix}:${core.type}`, name, { ...declared, ...inputs, __provider: stubOf(core.kind) }, options);
    declare(this, where.declared);
    warnOfSecretName(core.type, name, inputs);
  }
}

/** What the engine says where the backend knows no organizations. */
const noOrganization = "organization";

function organizationNow(): string | undefined {
  try {
    const organization = pulumi.getOrganization();
    return organization === noOrganization ? undefined : organization;
  } catch {
    // Tests of programs, whose mocks need not name one: Pulumi throws then, and has no other way to ask.
    return undefined;
  }
}

/** Whose an object is. The types of the parents are known when they are registered, which the resource waits for anyway. */
function ownerOf(resource: string, parent: pulumi.Resource | undefined): pulumi.Inputs {
  const parents = parent && new Promise<string>((resolve) => void parent.urn.apply((urn) => resolve(typesIn(urn))));
  return {
    organization: organizationNow(),
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    resource,
    parents,
  };
}

/** The types in a URN, outermost first: `urn:pulumi:stack::project::a:b:C$d:e:F::name`. */
const typesIn = (urn: string): string => (urn.split("::")[2] ?? "").replace(/^pulumi:pulumi:Stack$/, "");

/** Ids are made of these, and Pulumi stores ids in clear. */
const namingInputs = ["name", "instance", "pool", "network", "listenAddress", "zone", "bucket"];

function warnOfSecretName(type: string, name: string, inputs: pulumi.Inputs): void {
  for (const input of namingInputs.filter((one) => isLate(inputs[one])))
    void pulumi.isSecret(pulumi.output(inputs[input])).then((isSecret) => {
      if (isSecret)
        void pulumi.log.warn(
          `The ${input} of ${type} "${name}" is a secret, but names are stored and shown in clear. Name it otherwise.`,
        );
    });
}

/** Options of `Resource.get`: those of a resource, for an object that exists and stays outside of the program's hands. */
export const existing = (
  id: pulumi.Input<pulumi.ID>,
  options: pulumi.CustomResourceOptions | undefined,
): pulumi.CustomResourceOptions => ({ ...options, id });

/** Options of a resource with one more output that the state keeps encrypted. */
export const withSecretOutput = (
  options: pulumi.CustomResourceOptions | undefined,
  output: string,
): pulumi.CustomResourceOptions => ({
  ...options,
  additionalSecretOutputs: [...(options?.additionalSecretOutputs ?? []), output],
});
