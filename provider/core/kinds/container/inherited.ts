/**
 * Container inherited: what a copy has from its source. A program says of a copy only what shall differ; the rest stays as the source gave
 * it, so it is neither drift nor taken away by an update.
 */
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import { isOneOf } from "../../../../sdk/api/config/table";
import type { Instance } from "../../../../sdk/api/instance";
import type { ComputedKeys } from "../../engine/config";
import { isMap, type Props, same, unknownValue } from "../../engine/values";

/** Hidden output of a copy that holds the `Inherited`. It may hold secrets of the source, so the resource marks it as secret. */
export const inheritedProperty = "__inherited";

/**
 * Hidden input with the source in it. Before the engine deletes a container to make it anew, also during an up, it asks whether those that
 * depend on it must be replaced too, with each property that does as an unknown as a whole: this one then is.
 */
export const sourceOfProperty = "__sourceOf";

/** @returns inputs in which a source that is only made anew stays what it was: a copy needs it no more */
export const withSourceKept = (olds: Props, news: Props): Props =>
  news.source === unknownValue && news[sourceOfProperty] === unknownValue ? { ...news, source: olds.source } : news;

/** What the source gave and the program did not say. */
export interface Inherited {
  readonly config: Config;
  readonly devices: Devices;
  readonly profiles?: readonly string[];
  readonly description?: string;
  /** Which of `profiles` and `description` the program says by now. */
  readonly said: readonly string[];
}

/** Properties that a copy takes as a whole, from the program or from its source. */
const wholes = ["profiles", "description"] as const;
const saidIn = (props: Props): string[] => wholes.filter((name) => props[name] !== undefined);

export const isCopy = (props: Props): boolean => props.source !== undefined;

/** Takes back the defaults that would stand in the way of what the source gives. @param given inputs before defaults were filled in */
export function withoutInheritedDefaults(filled: Props, given: Props): Props {
  if (!isCopy(given)) return filled;
  const hidden: readonly string[] = wholes.filter((name) => given[name] === undefined);
  return Object.fromEntries(Object.entries(filled).filter(([name]) => !hidden.includes(name)));
}

const mapOf = <T>(value: unknown): Record<string, T> => (isMap(value) ? (value as Record<string, T>) : {});

const without = <T>(all: Readonly<Record<string, T>>, names: object): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(names, name)));

/** @param made the copy as the server made it @param news what the program says of it */
export function inheritedOf(made: Instance, news: Props, computed: ComputedKeys): Inherited {
  const config = Object.entries(without(made.config, mapOf(news.config))).filter(([key]) => !isOneOf(computed, key));
  return {
    config: Object.fromEntries(config),
    devices: without(made.devices, mapOf(news.devices)),
    ...(news.profiles === undefined ? { profiles: made.profiles ?? [] } : {}),
    ...(news.description === undefined ? { description: made.description } : {}),
    said: saidIn(news),
  };
}

/**
 * What the state says that a container inherited. A state from before this was kept has it among the other outputs.
 * @param olds last outputs @param news what the program says now
 */
export function inheritedIn(olds: Props, news: Props): Inherited | undefined {
  if (!isCopy(news)) return undefined;
  const kept = olds[inheritedProperty];
  if (isMap(kept)) return { ...(kept as unknown as Inherited), said: saidIn(news) };
  return {
    config: without(mapOf<string>(olds.config), mapOf(news.config)),
    devices: without(mapOf<Device>(olds.devices), mapOf(news.devices)),
    ...(Array.isArray(olds.profiles) ? { profiles: olds.profiles.map(String) } : {}),
    ...(typeof olds.description === "string" ? { description: olds.description } : {}),
    said: saidIn(news),
  };
}

/** The words of the program over those of the source: what the container shall be. */
export function withInherited(props: Props, inherited: Inherited | undefined): Props {
  if (inherited === undefined) return props;
  const over = (name: "config" | "devices") =>
    props[name] === unknownValue ? unknownValue : { ...inherited[name], ...mapOf(props[name]) };
  return {
    ...props,
    config: over("config"),
    devices: over("devices"),
    profiles: props.profiles ?? inherited.profiles,
    description: props.description ?? inherited.description,
  };
}

/**
 * Leaves out of a map what is as the source gave it, but for what the program says itself.
 * @param said what the program says of the map @param gone stands for what the source gave and is there no more
 */
function ownOf<T>(live: Readonly<Record<string, T>>, said: object, given: Readonly<Record<string, T>>, gone: T) {
  const own = Object.entries(live).filter(([name, value]) => Object.hasOwn(said, name) || !same(value, given[name]));
  const missing = Object.keys(given).filter((name) => live[name] === undefined && !Object.hasOwn(said, name));
  return Object.fromEntries([...own, ...missing.map((name) => [name, gone] as const)]) as Record<string, T>;
}

/** Takes what is as the source gave it out of the outputs. @param props last inputs or outputs, which tell what the program says */
export function withoutInherited(outs: Props, props: Props): Props {
  const inherited = outs[inheritedProperty] as Inherited | undefined;
  if (inherited === undefined) return outs;
  const isGiven = !inherited.said.includes("description") && outs.description === inherited.description;
  return {
    ...outs,
    config: ownOf(mapOf<string>(outs.config), mapOf(props.config), inherited.config, ""),
    devices: ownOf(mapOf<Device>(outs.devices), mapOf(props.devices), inherited.devices, {}),
    description: isGiven ? undefined : outs.description,
  };
}

/** Names of the inputs that a refresh of a container must not name: the program did not say them. */
export function notSaid(outs: Props): string[] {
  const inherited = outs[inheritedProperty] as Inherited | undefined;
  if (inherited === undefined) return [];
  return inherited.said.includes("profiles") || !same(outs.profiles, inherited.profiles) ? [] : ["profiles"];
}
