/** Object URL: the parts of what events, warnings and damages name an object by. */

export interface ObjectUrl {
  readonly path: string;
  /** With its "?"; empty for an object of the default project. */
  readonly query: string;
}

export function splitUrl(url: string): ObjectUrl {
  const at = url.indexOf("?");
  return at === -1 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at) };
}

/** The URL that a renamed object had. @param source the one that it has */
export function formerUrl(source: string, oldName: string): string {
  const { path, query } = splitUrl(source);
  return `${path.slice(0, path.lastIndexOf("/"))}/${encodeURIComponent(oldName)}${query}`;
}

/** The project of an object's URL. */
export const projectOfUrl = (url: string): string =>
  new URLSearchParams(splitUrl(url).query).get("project") ?? "default";
