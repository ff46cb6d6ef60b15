/** Stamp: what an object says of the resource that it was made for, so that the next up finds what a killed one left. */
import type { Config } from "../../../sdk/api/common";
import { deviceStampPrefix, nameBefore, stampKeys, stampOf, stampPrefix, withoutStamp } from "../../../sdk/api/stamp";
import type { CheckFailure, Core } from "./core";
import { isMap, type Props } from "./values";

/** Hidden input with the `Owner` of an object; the doors fill it in. */
export const ownerProperty = "__owner";

/** A resource of a program, wherever its state is kept. */
export interface Owner {
  /** Absent for a backend without organizations. */
  readonly organization?: string;
  readonly project: string;
  readonly stack: string;
  /** Name in the program. */
  readonly resource: string;
  /** Types of the resources that it is part of, outermost first, joined by "$"; absent at the top. Two parents may have parts of one name. */
  readonly parents?: string;
}

/** Says who is making the object, until its program's engine has heard of it (maker.ts). */
export const pendingKey = stampKeys.pending;

const ownerKeys = ["organization", "project", "stack", "kind", "resource", "parents"] as const;

const isWord = (value: unknown): value is string => typeof value === "string" && value !== "";

export function ownerIn(props: Props): Owner | undefined {
  const owner = props[ownerProperty];
  if (!isMap(owner)) return undefined;
  const { organization, project, stack, resource, parents } = owner;
  if (typeof project !== "string" || typeof stack !== "string" || typeof resource !== "string") return undefined;
  return {
    ...(isWord(organization) ? { organization } : {}),
    project,
    stack,
    resource,
    ...(isWord(parents) ? { parents } : {}),
  };
}

/**
 * Keys that tell whose object it is; none when the program is of a version that does not say.
 * @param kind "container" @param name the object's, where it is not the one in the inputs
 */
export function stampFor(kind: string, props: Props, name: unknown = props.name): Config {
  const owner = ownerIn(props);
  if (owner === undefined) return {};
  return Object.fromEntries(
    Object.entries({ kind, ...owner, ...(isWord(name) ? { name } : {}) }).map(([word, value]) => [
      stampKeys[word as keyof typeof stampKeys],
      value,
    ]),
  );
}

/** The marks of devices, which are not of the owner's resource. */
const deviceMarks = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith(deviceStampPrefix)));

/** The configuration with this stamp in place of any other; without one it keeps what it has, but for who was making it. */
export function stamped(config: Config, stamp: Config): Config {
  if (Object.keys(stamp).length > 0) return { ...withoutStamp(config), ...deviceMarks(config), ...stamp };
  const { [pendingKey]: _, ...rest } = config;
  return rest;
}

/** Whether an object was made for the resource that these inputs are of. @param name the one that it has now */
export function isOwn(config: Config, kind: string, news: Props, name?: string): boolean {
  if (name !== undefined && nameBefore(config, name) !== undefined) return false;
  const wanted = stampFor(kind, news);
  const found = stampOf(config);
  return (
    ownerKeys.some((word) => wanted[stampKeys[word]] !== undefined) &&
    ownerKeys.every((word) => wanted[stampKeys[word]] === found[stampKeys[word]])
  );
}

/** Whose object it is, for people: `resource "web" of stack "dev" of project "shop"`. @param name the one that it has now */
export function ownerText(config: Config, name?: string): string | undefined {
  if (name !== undefined && nameBefore(config, name) !== undefined) return undefined;
  const [project, stack, resource] = (["project", "stack", "resource"] as const).map((word) => config[stampKeys[word]]);
  if (!stack || !resource) return undefined;
  const organization = config[stampKeys.organization];
  const of = [project && `project "${project}"`, organization && `organization "${organization}"`].filter(Boolean);
  return [`resource "${resource}" of stack "${stack}"`, ...of].join(" of ");
}

/** Only an object with a name of its own can be there already. */
export const checkAdoption = (core: Core, { adopt, name }: Props): CheckFailure[] =>
  adopt === true && name === undefined && "name" in core.inputs.shape
    ? [{ property: "adopt", reason: 'needs "name": by that the object is found that is there already' }]
    : [];

/** Keys of the stamp are not for programs to set. */
export const checkReserved = (news: Props): CheckFailure[] =>
  (["config", "properties"] as const).flatMap((property) => {
    const map = news[property];
    return Object.keys(isMap(map) ? map : {})
      .filter((key) => key.startsWith(stampPrefix))
      .map((key) => ({ property: `${property}["${key}"]`, reason: `belongs to Bothy, as all of ${stampPrefix}* do` }));
  });
