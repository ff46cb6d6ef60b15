/**
 * Stamp: configuration keys by which a program's provider knows its own objects again, whatever became of the state that told of them.
 * They belong to one object alone: a copy does not inherit them, and a restore does not bring them back.
 */
import type { Config } from "./common";

/** All keys of the stamp begin so. */
export const stampPrefix = "user.bothy.";

export const isStampKey = (key: string): boolean => key.startsWith(stampPrefix);

const only = (config: Config, wanted: boolean): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => isStampKey(key) === wanted));

export const stampOf = (config: Config): Config => only(config, true);

export const withoutStamp = (config: Config): Config => only(config, false);
