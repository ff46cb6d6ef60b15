/** Resource: what every class of `bothy/native` has in common. The plugin does the rest. */
import * as pulumi from "@pulumi/pulumi";
import { argsOf } from "../dynamic/args";

/** Turns each resource among arguments into what names it on the server; an image has no name of its own, its id is its fingerprint. */
function named(value: unknown): unknown {
  if (pulumi.Resource.isInstance(value)) {
    const { id, name } = value as unknown as { id?: unknown; name?: unknown };
    return "fingerprint" in value ? id : (name ?? value);
  }
  if (Array.isArray(value)) return value.map(named);
  const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, named(member)])) : value;
}

export abstract class NativeResource extends pulumi.CustomResource {
  /** @param type such as "Container" @param properties names of all that the resource has */
  protected constructor(
    type: string,
    properties: readonly string[],
    name: string,
    args: object | undefined,
    options: pulumi.CustomResourceOptions | undefined,
  ) {
    const declared = Object.fromEntries(properties.map((property) => [property, undefined]));
    const given = argsOf(type, name, args) as pulumi.Inputs;
    // What lies in a container, a volume, a profile, a network, a zone or a bucket goes with it.
    const owner = [given.instance, given.volume, given.profile, given.network, given.zone, given.bucket].find((one) =>
      pulumi.Resource.isInstance(one),
    );
    super(
      `bothy:index:${type}`,
      name,
      { ...declared, ...(named({ ...given }) as pulumi.Inputs) },
      { ...(owner === undefined ? {} : { deletedWith: owner }), ...options },
    );
  }
}
