/** Naming: the name of a snapshot without one, by snapshots.pattern (docs/lxd-api.md, Instances). */
import { ApiError, badRequest } from "../../../sdk/api/errors";
import { renderTemplate } from "../image/file-templates/render";

/**
 * The pattern is a template that knows creation_date; %d in what it comes to stands for the number after the highest there is.
 * Without %d a name that is taken gets such a number at its end.
 * @param taken names of the instance's snapshots @throws ApiError BAD_REQUEST for a pattern that comes to no name
 */
export function nameByPattern(pattern: string, taken: readonly string[], now: Date): string {
  const rendered = render(pattern, now);
  const places = rendered.split("%d").length - 1;
  if (places > 1)
    throw badRequest(`Snapshot pattern may contain '%d' only once. Change "snapshots.pattern", or name the snapshot.`);
  if (places === 0 && !taken.includes(rendered)) return rendered;
  const counted = places === 1 ? rendered : `${rendered}-%d`;
  const [head = "", tail = ""] = counted.split("%d");
  const numbers = taken
    .filter((name) => name.startsWith(head) && name.endsWith(tail))
    .map((name) => name.slice(head.length, name.length - tail.length))
    .filter((middle) => /^\d{1,9}$/.test(middle));
  return `${head}${Math.max(-1, ...numbers.map(Number)) + 1}${tail}`;
}

function render(pattern: string, now: Date): string {
  try {
    return renderTemplate(pattern, { creation_date: now });
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    throw badRequest(`Cannot name the snapshot by "snapshots.pattern": ${error.message}`, { cause: error });
  }
}
