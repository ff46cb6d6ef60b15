/** Readable: settings of which a part is lost are applied to nothing: limits and rules would go without a word. */
import type { InstanceHome } from "./home";
import type { InstanceRecord } from "./record";

/** @param verb such as "start" @throws ApiError BAD_REQUEST when what was stored of the instance, or of a profile of it, is damaged */
export function requireReadable({ damages }: InstanceHome, verb: string, { name, profiles }: InstanceRecord): void {
  const object = `${verb} instance "${name}"`;
  damages.requireNone(`/1.0/instances/${name}`, object);
  for (const profile of profiles) damages.requireNone(`/1.0/profiles/${encodeURIComponent(profile)}`, object);
}
