/** API sections: the routes by what they are about, in the order of the page. */

import { manyOf } from "../../daemon/http/kind-says";
import { kinds } from "../../sdk/api/kinds";
import { type ApiRoute, apiRoutes } from "../../test/support/api-routes";
import { groupsBy } from "./group";

export interface Section {
  readonly title: string;
  readonly routes: readonly ApiRoute[];
}

/** Beginnings of paths that are about something else than their first word says. */
const parts: readonly (readonly [start: string, title: string])[] = [
  ["/1.0/instances/:instance/snapshots", "Snapshots"],
  ["/1.0/instances/:name/files", "Files"],
  ["/1.0/instances/:name/logs", "Logs"],
  ["/1.0/instances/:name/console", "Logs"],
  ["/1.0/cluster", "Server"],
  ["/1.0/resources", "Server"],
  // The longest first: what lies in something begins as that does.
  ...kinds
    .map((kind) => [kind.path.replace(/\{(\w+)\}/, ":$1"), manyOf(kind)] as const)
    .sort(([one], [other]) => other.length - one.length),
];

function titleOf(path: string): string {
  const part = parts.find(([start]) => path === start || path.startsWith(`${start}/`));
  if (part !== undefined) return part[1];
  const [, word] = /^\/1\.0\/([a-z-]+)/.exec(path) ?? [];
  return word === undefined ? "Server" : `${word.slice(0, 1).toUpperCase()}${word.slice(1).replaceAll("-", " ")}`;
}

/** Every route of the API, once. */
export const sections: readonly Section[] = groupsBy(apiRoutes, ({ path }) => titleOf(path)).map(([title, routes]) => ({
  title,
  routes,
}));
