/**
 * Stamp: configuration keys by which a program's provider knows its own objects again, whatever became of the state that told of them.
 * They belong to one object alone: a copy does not inherit them, and a restore does not bring them back.
 */
import type { Config } from "./common";

/** All keys of the stamp begin so. */
export const stampPrefix = "user.bothy.";

/** Keys of an instance or a profile that mark devices of theirs as resources of their own: `user.bothy.device.data`. */
export const deviceStampPrefix = `${stampPrefix}device.`;

/** The keys of a stamp. */
export const stampKeys = {
  /** Absent where the stacks are kept without organizations. */
  organization: `${stampPrefix}organization`,
  project: `${stampPrefix}project`,
  stack: `${stampPrefix}stack`,
  /** "container": a profile's stamp reaches the containers that have the profile. */
  kind: `${stampPrefix}kind`,
  /** Name in the program. */
  resource: `${stampPrefix}resource`,
  /** Name of the object itself: copies made by hand bring the stamp along, and have other names. Absent where the content is the name. */
  name: `${stampPrefix}name`,
  /** Types of the resources that it is part of; absent at the top. */
  parents: `${stampPrefix}parents`,
  /** Who is making the object, until its program's engine has heard of it. */
  pending: `${stampPrefix}pending`,
} as const;

export const isStampKey = (key: string): boolean => key.startsWith(stampPrefix);

const only = (config: Config, wanted: boolean): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => isStampKey(key) === wanted));

export const stampOf = (config: Config): Config => only(config, true);

/** The name that a stamped object had when it was made, when that is another one than it has: it was copied or renamed since. */
export const nameBefore = (config: Config, name: string): string | undefined => {
  const before = config[stampKeys.name];
  return before === undefined || before === name ? undefined : before;
};

export const withoutStamp = (config: Config): Config => only(config, false);
