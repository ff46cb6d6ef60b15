/** Reference: a property that takes a name or the resource that has it. What has another shape passes as it is: check says what is wrong with it. */
import * as pulumi from "@pulumi/pulumi";
import type { DeviceOptions, DeviceType } from "./config-keys";

/** Anything with a name: a resource of this package, or of another that stands for the same object. */
export interface Named {
  readonly name: pulumi.Input<string>;
}

/** A name, a resource, or an output of either. */
export type Reference<T extends Named> = pulumi.Input<string | T>;

/** The value of a key or an option: a text, a number, a truth, or a resource in the place of its name; a list where LXD has words with commas between. */
export type OptionValue =
  | pulumi.Input<string | number | boolean>
  | Reference<Named>
  | pulumi.Input<pulumi.Input<string | number | Named>[]>;

/** Options of a device. */
export interface DeviceArgs extends DeviceOptions<OptionValue> {
  type?: pulumi.Input<DeviceType>;
}

/** An output of a value whose type is found out when it is known. */
export const outputOf = (value: unknown): pulumi.OutputInstance<unknown> =>
  pulumi.output(value as pulumi.Input<object>) as unknown as pulumi.OutputInstance<unknown>;

/** Applies a function to a value, now if it is plain and later if it is not known yet. */
function whenKnown(value: unknown, work: (known: unknown) => unknown): unknown {
  if (!pulumi.Output.isInstance(value) && !(value instanceof Promise)) return work(value);
  return outputOf(value).apply((known) => outputOf(work(known)));
}

const isNamed = (value: unknown): value is Named => typeof value === "object" && value !== null && "name" in value;

/** @returns the name, which depends on the resource that it came from; anything that has none is returned as it is */
export const nameOf = (reference: unknown): unknown =>
  whenKnown(reference, (value) => (isNamed(value) ? value.name : value));

/**
 * @returns the fingerprint of an image that is given as a resource, else the value as it is. Its id is the same text and is known in a
 * preview as long as the image stays; the fingerprint is not when anything of the image changes.
 */
export const imageOf = (reference: unknown): unknown =>
  whenKnown(reference, (value) =>
    pulumi.CustomResource.isInstance(value) && "fingerprint" in value ? value.id : value,
  );

/** Applies a function to each member of a list or a map; members that are not known yet keep their place. */
function eachMember(members: unknown, work: (member: unknown) => unknown): unknown {
  return whenKnown(members, (known) => {
    if (Array.isArray(known)) return known.map(work);
    if (typeof known !== "object" || known === null || pulumi.Resource.isInstance(known)) return known;
    return Object.fromEntries(Object.entries(known).map(([name, member]) => [name, work(member)]));
  });
}

/** @returns the names of a list of references */
export const namesOf = (references: unknown): unknown => eachMember(references, nameOf);

const optionOf = (value: unknown): unknown =>
  whenKnown(value, (known) => {
    if (Array.isArray(known)) return known.map(optionOf);
    return pulumi.Resource.isInstance(known) && isNamed(known) ? known.name : known;
  });

/** Turns each resource among the options of a device into its name. */
export const optionNames = (options: unknown): unknown => eachMember(options, optionOf);

/** Turns each resource among the options of devices into its name. */
export const deviceNames = (devices: unknown): unknown => eachMember(devices, (device) => eachMember(device, optionOf));

/** Turns the resources of a container's source into their names. */
export const sourceNames = (source: unknown): unknown => eachMember(source, nameOf);
