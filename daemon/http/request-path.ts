/** Request path: its parts as the tables of routes name them. */
import { type ApiError, badRequest, notFound } from "../../sdk/api/errors";

/** Cuts the query off a target. Not by URL, which would resolve "..", and read "//" as a host. */
export function splitTarget(target = "/"): { path: string; query: URLSearchParams } {
  const cut = target.indexOf("?");
  return cut < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, cut), query: new URLSearchParams(target.slice(cut + 1)) };
}

/** @returns the parts of a path, percent-decoded @throws ApiError BAD_REQUEST of one that is no UTF-8 */
export const partsOf = (path: string): string[] => path.split("/").map(decode);

/** @returns the parts of a path that a pattern names, percent-decoded, or nothing when it does not fit */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const want = pattern.split("/");
  const have = path.split("/");
  const params: Record<string, string> = {};
  for (const [index, part] of want.entries()) {
    const rest = /^:(\w+)\*$/.exec(part)?.[1];
    if (rest !== undefined) return have.length > index ? { ...params, [rest]: have.slice(index).join("/") } : undefined;
    const value = have[index];
    if (value === undefined) return undefined;
    if (part.startsWith(":")) params[part.slice(1)] = decode(value);
    else if (part !== value) return undefined;
  }
  return want.length === have.length ? params : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`Invalid request: the path part "${part}" is not percent-encoded UTF-8.`);
  }
}

/** LXD says the first two words alone; who asked for what is not here yet needs to know that it is the path. */
export const nothingAt = (path: string): ApiError =>
  notFound(`not found: there is nothing at "${path}". What this server has stands in "api_extensions" of GET /1.0.`);
