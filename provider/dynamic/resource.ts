/** Resource: what every kind of the dynamic door has in common. */
import * as pulumi from "@pulumi/pulumi";
import { stubOf } from "./stub";

/** Properties that every kind takes. */
export interface CommonArgs {
  /**
   * Daemon that holds the object, such as `unix:///var/lib/bothy/unix.socket`. When absent: the stack's `bothy:endpoint`, then
   * BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the object.
   */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. `customTimeouts` does not reach dynamic resources. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

export interface TimeoutsArgs {
  /** Ceiling of create, in seconds. */
  createSeconds?: pulumi.Input<number>;
  /** Ceiling of update, in seconds. */
  updateSeconds?: pulumi.Input<number>;
  /** Ceiling of delete, in seconds. */
  deleteSeconds?: pulumi.Input<number>;
}

/** What a resource needs of its core; narrow, so that programs need not compile zod's types to use this package. */
interface ResourceKind {
  readonly kind: string;
  readonly type: string;
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
   */
  protected constructor(
    core: ResourceKind,
    name: string,
    args: pulumi.Inputs,
    options: pulumi.CustomResourceOptions | undefined,
  ) {
    const outputs = Object.fromEntries(Object.keys(core.outputs.shape).map((output) => [output, undefined]));
    const inputs = Object.fromEntries(Object.keys(core.inputs.shape).map((input) => [input, args[input]]));
    // The name of an object that the user did not name is made from this one; check does not know it otherwise.
    const logical = "name" in core.inputs.shape && args.name === undefined ? { __logicalName: name } : {};
    const hidden = Object.fromEntries(Object.entries(args).filter(([key]) => key.startsWith("__")));
    super(
      `${typePrefix}:${core.type}`,
      name,
      { ...outputs, ...inputs, ...logical, ...hidden, __provider: stubOf(core.kind) },
      options,
    );
  }
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
