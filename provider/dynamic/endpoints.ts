/** Endpoints: a resource that is given others lives on their daemon, unless it names another, and then check refuses. */
import * as pulumi from "@pulumi/pulumi";
import { isLate } from "./secret-paths";

/** Where a resource keeps the endpoint that it was declared with; for other copies of this package too. */
const endpointKey = Symbol.for("bothy.endpoint");

/** Outputs as pulumi has them; the members that its types leave out are part of every release. */
interface KnownOutput {
  readonly isKnown: Promise<boolean>;
  readonly resources?: () => Iterable<unknown>;
  promise(): Promise<unknown>;
}

/** Options of a device that name another object; the others may hold whatever a program computes of resources anywhere. */
const namingOptions: readonly string[] = ["pool", "network"];

/** Takes note of the endpoint that a resource was declared with, its own or that of its resources. */
export function declare(resource: pulumi.Resource, endpoint: Promise<string | undefined>): void {
  // Who reads it hears of a failure; when nobody does, the registration fails all the same.
  endpoint.catch(() => undefined);
  Object.defineProperty(resource, endpointKey, { value: endpoint });
}

const declaredIn = (value: unknown): Promise<string | undefined> | undefined =>
  pulumi.Resource.isInstance(value)
    ? (value as unknown as Record<symbol, Promise<string | undefined> | undefined>)[endpointKey]
    : undefined;

/** Endpoint of each resource within a property, by its path. */
async function endpointsIn(value: unknown, path: string): Promise<[path: string, endpoint: string][]> {
  const declared = declaredIn(value);
  if (declared !== undefined) return [[path, (await declared) ?? ""]];
  if (value instanceof Promise) return endpointsIn(await value, path);
  if (pulumi.Output.isInstance(value)) return inOutput(value as unknown as KnownOutput, path);
  if (typeof value !== "object" || value === null || pulumi.Resource.isInstance(value)) return [];
  const isDevice = /^devices\.[^.]+$/.test(path);
  const named = Object.entries(value).filter(([name]) => !isDevice || namingOptions.includes(name));
  const members = named.map(([name, member]) =>
    endpointsIn(member, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`),
  );
  return (await Promise.all(members)).flat();
}

/** A name that came of a resource stands for it; an output that came of none may hold one. */
async function inOutput(output: KnownOutput, path: string): Promise<[string, string][]> {
  const sources = [...(output.resources?.() ?? [])];
  const declared = sources.map(declaredIn).filter((endpoint) => endpoint !== undefined);
  if (declared.length > 0) return [[path, (await declared[0]) ?? ""]];
  if (sources.length > 0 || !(await output.isKnown)) return [];
  return endpointsIn(await output.promise(), path);
}

/**
 * @param own the endpoint that the program gives the resource itself
 * @param references what it is given of other resources, by property
 * @returns its endpoint, and those of the resources for check, when any of them names one
 */
export function endpointsOf(own: pulumi.Input<string> | undefined, references: Readonly<Record<string, unknown>>) {
  const declared = own === undefined ? undefined : knownText(own);
  if (!Object.values(references).some(mayHoldResource))
    return { endpoint: own, declared: declared ?? Promise.resolve(undefined), references: undefined };
  const found = Promise.all(Object.entries(references).map(([path, value]) => endpointsIn(value, path))).then((all) =>
    all.flat(),
  );
  const inherited = found.then((all) => all.map(([, endpoint]) => endpoint).find((endpoint) => endpoint !== ""));
  const told = found.then((all) =>
    own !== undefined || all.some(([, endpoint]) => endpoint !== "") ? Object.fromEntries(all) : undefined,
  );
  return { endpoint: own ?? inherited, declared: declared ?? inherited, references: told };
}

/** Whether there is a resource or a value that is known later inside of a value. */
function mayHoldResource(value: unknown): boolean {
  if (isLate(value) || pulumi.Resource.isInstance(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(mayHoldResource);
}

/** @returns the text, or nothing when it is not known yet */
async function knownText(input: pulumi.Input<string>): Promise<string | undefined> {
  if (!pulumi.Output.isInstance(input)) return input;
  const output = input as unknown as KnownOutput;
  return (await output.isKnown) ? (output.promise() as Promise<string>) : undefined;
}
