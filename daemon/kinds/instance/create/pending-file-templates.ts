/**
 * Pending templates: the files that an image wants at a create, copy or rename are made by the next start, for the settings and the
 * name that the instance has by then, as LXD does. A file that somebody changed in between stays.
 */

import { createHash } from "node:crypto";
import * as z from "zod";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { type Trigger, triggers } from "../../image/archive/metadata";

/** LXD's key for it. */
const triggerKey = "volatile.apply_template";
const digestsKey = "volatile.apply_template.digests";

/** What each file was when it was noted, by its path in the image's metadata. */
export type Digests = Readonly<Record<string, string>>;

export interface PendingTemplates {
  readonly trigger: Trigger;
  readonly digests: Digests;
}

const Noted = z.object({ trigger: z.enum(triggers), digests: z.record(z.string(), z.string()) });

export const digestOf = (content: Buffer): string => createHash("sha256").update(content).digest("base64").slice(0, 16);

/** The keys that note it. */
export const pendingKeys = (trigger: Trigger, digests: Digests): Config => ({
  [triggerKey]: trigger,
  ...(Object.keys(digests).length === 0 ? {} : { [digestsKey]: JSON.stringify(digests) }),
});

/** @returns what the next start makes; nothing where no file is noted, or a note cannot be read */
export function pendingTemplates(config: Config): PendingTemplates | undefined {
  const kept = instanceConfig(config);
  const digests = kept.get(digestsKey);
  if (digests === undefined) return undefined;
  try {
    return Noted.parse({ trigger: kept.get(triggerKey), digests: JSON.parse(digests) });
  } catch {
    return undefined;
  }
}

export const withoutPending = ({ [triggerKey]: _trigger, [digestsKey]: _digests, ...config }: Config): Config => config;

/** The keys themselves, of an instance whose root is put back. */
export const pendingOf = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key === triggerKey || key === digestsKey));

export const hasPending = (config: Config): boolean => Object.keys(pendingOf(config)).length > 0;
