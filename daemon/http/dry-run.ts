/**
 * Dry run (extension bothy_dry_run): a POST that only asks what it would be refused for. It takes the way of every other one, so that there is one
 * set of checks: access, the body, the locks, and what the service looks at. Where the service's effects begin it sees `isDryRun` of the call and
 * ends. A route takes part by saying so; every other one refuses to be asked, since it would do it.
 */
import { isTrue } from "../../sdk/api/config/values";
import { badRequest } from "../../sdk/api/errors";
import { answers, type Meanings, type Says } from "./says";

const word = "dry-run";

/** The parameter, for the routes that have it. */
export const dryRun = {
  query: { [word]: "`true`: runs all checks and makes nothing (`bothy_dry_run`)" } satisfies Meanings,
  answer: { ...answers.nothing, when: "with `dry-run`" },
} as const;

/** @throws ApiError BAD_REQUEST where the route has none */
export function isDryRun(query: URLSearchParams, method: string | undefined, { query: known = {} }: Says): boolean {
  if (method === "GET" || method === "HEAD" || !isTrue(query.get(word) ?? "")) return false;
  if (!(word in known)) throw badRequest('Cannot make a dry run of this request: it has none. Leave out "dry-run".');
  return true;
}
