/** Readable: settings of which a part is lost are applied to nothing: limits and rules would go without a word. */

import { ref, urlOf } from "../../core/ref";
import type { InstanceHome } from "./home";
import { type InstanceRecord, instanceRef } from "./record";

/** @param verb such as "start" @throws ApiError BAD_REQUEST when what was stored of the instance, or of a profile of it, is damaged */
export function requireReadable(home: InstanceHome, verb: string, { project, name, profiles }: InstanceRecord): void {
  const { damages } = home;
  const object = `${verb} instance "${name}"`;
  damages.requireNone(urlOf(instanceRef({ project, name })), object);
  for (const profile of home.profiles.layers(project, profiles))
    damages.requireNone(urlOf(ref("profile", profile.name, profile.project)), object);
}
