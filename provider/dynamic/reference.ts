/** Reference: a property that takes a name or the resource that has it. */
import * as pulumi from "@pulumi/pulumi";

/** Anything with a name: a resource of this package, or of another that stands for the same object. */
export interface Named {
  readonly name: pulumi.Input<string>;
}

/** A name, a resource, or an output of either. */
export type Reference<T extends Named> = pulumi.Input<string | T>;

/** An output of a value whose type is found out when it is known. */
export const outputOf = (value: unknown): pulumi.OutputInstance<unknown> =>
  pulumi.output(value as pulumi.Input<object>) as unknown as pulumi.OutputInstance<unknown>;

/** @returns the name, which depends on the resource that it came from */
export function nameOf<T extends Named>(reference: Reference<T>): pulumi.Output<string> {
  return outputOf(reference).apply((value) => {
    const isNamed = typeof value === "object" && value !== null && "name" in value;
    return pulumi.output(isNamed ? (value as Named).name : (value as string));
  });
}

/** Options of a device; `pool` and `network` take a resource as well. */
export type DeviceArgs = Record<string, pulumi.Input<string> | Reference<Named>>;

/** Turns each resource among the options of devices into its name. */
export function deviceNames(
  devices: pulumi.Input<Record<string, pulumi.Input<DeviceArgs>>> | undefined,
): pulumi.Output<Record<string, Record<string, string>>> | undefined {
  if (devices === undefined) return undefined;
  return pulumi
    .output(devices as pulumi.Input<Record<string, DeviceArgs>>)
    .apply((all) =>
      pulumi.all(
        Object.fromEntries(
          Object.entries(all).map(([device, options]) => [
            device,
            pulumi.all(Object.fromEntries(Object.entries(options).map(([name, value]) => [name, optionOf(value)]))),
          ]),
        ),
      ),
    ) as pulumi.Output<Record<string, Record<string, string>>>;
}

const optionOf = (value: unknown): pulumi.Input<unknown> =>
  pulumi.Resource.isInstance(value) ? nameOf(value as unknown as Named) : (value as pulumi.Input<unknown>);
