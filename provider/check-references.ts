/** Check references: an object and those that it is given as resources live on one daemon. */
import type { CheckFailure } from "./core/engine/core";
import { isMap, type Props, unknownValue } from "./core/engine/values";
import { knownPlaceOf } from "./endpoint";

/** Hidden input: by property, the endpoint of the resource that was given there; "" for one that names none. */
export const referencesProperty = "__references";

/** @returns one failure for each resource of another daemon, as far as endpoints are known */
export function checkReferences(news: Props): CheckFailure[] {
  const references = news[referencesProperty];
  if (!isMap(references) || news.endpoint === unknownValue) return [];
  const own = knownPlaceOf(news.endpoint);
  return Object.entries(references).flatMap(([property, endpoint]) => {
    if (endpoint === unknownValue) return [];
    const place = knownPlaceOf(endpoint);
    if (place === undefined || own === undefined || place === own) return [];
    const reason = `is a resource of the daemon at "${place}", and this one is of the daemon at "${own}". Give both the same endpoint; one that names none here takes that of its resources.`;
    return [{ property, reason }];
  });
}
