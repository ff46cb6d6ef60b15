/**
 * Route tree: what serves a path. fastify's own router compiles a function for each of hundreds of routes, and wants to be told of the methods that
 * a path has not: that was a sixth of the daemon's start.
 */
import type { Method, Route } from "./route";

/** Of a name in a path; no kind has names so long. */
const mostCharacters = 4096;

/** What begins with the same parts. */
interface Branch {
  readonly words: Map<string, Branch>;
  /** What goes on after a parameter, whatever a route calls it. */
  parameter?: Branch;
  /** Routes that end here. */
  readonly here: Map<Method, Route>;
  /** Routes that take all that follows. */
  readonly rest: Map<Method, Route>;
}

const newBranch = (): Branch => ({ words: new Map(), here: new Map(), rest: new Map() });

/** A route that fits, and the parts of the path that it names. */
export interface Found {
  readonly route: Route;
  readonly params: Record<string, string>;
}

export class RouteTree {
  readonly #root = newBranch();

  /** @throws Error when two routes are the same */
  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
  }

  /**
   * Finds the path that fits best: a word comes before a parameter, and a parameter before the rest of a path.
   * @param parts of the path, percent-decoded
   * @returns nothing where no path fits; of a path that has other methods alone, that
   */
  find(method: string, parts: readonly string[]): Found | "another method" | undefined {
    const routes = fitting(this.#root, parts, 0);
    if (routes === undefined) return undefined;
    const route = routes.get(method as Method);
    return route === undefined ? "another method" : { route, params: paramsOf(route.path, parts) };
  }

  #add(route: Route): void {
    let branch = this.#root;
    let ends: "here" | "rest" = "here";
    for (const part of route.path.split("/"))
      if (isRest(part)) ends = "rest";
      else if (part.startsWith(":")) branch = branch.parameter ??= newBranch();
      else branch = wordOf(branch, part);
    if (branch[ends].has(route.method)) throw new Error(`There are two routes ${route.method} ${route.path}.`);
    branch[ends].set(route.method, route);
  }
}

const isRest = (part: string): boolean => part.startsWith(":") && part.endsWith("*");

function wordOf(branch: Branch, word: string): Branch {
  const known = branch.words.get(word);
  if (known !== undefined) return known;
  const made = newBranch();
  branch.words.set(word, made);
  return made;
}

function fitting(branch: Branch, parts: readonly string[], at: number): ReadonlyMap<Method, Route> | undefined {
  const part = parts[at];
  if (part === undefined) return branch.here.size > 0 ? branch.here : undefined;
  const { parameter, rest } = branch;
  const word = branch.words.get(part);
  return (
    (word && fitting(word, parts, at + 1)) ??
    (parameter && part.length <= mostCharacters ? fitting(parameter, parts, at + 1) : undefined) ??
    (rest.size > 0 ? rest : undefined)
  );
}

function paramsOf(pattern: string, parts: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.split("/").entries()) {
    if (!part.startsWith(":")) continue;
    if (isRest(part)) params[part.slice(1, -1)] = parts.slice(index).join("/");
    else params[part.slice(1)] = parts[index] ?? "";
  }
  return params;
}
