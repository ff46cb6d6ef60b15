/** Object id: the names of an object and of what it lies in, with slashes between; a slash within a name is `%2F`. */

export const idOfParts = (names: readonly unknown[]): string =>
  names.map((name) => String(name).replaceAll("/", "%2F")).join("/");

/** For kinds whose names may hold slashes, and no percent signs. */
export const partsOfId = (id: string): string[] => id.split("/").map((part) => part.replaceAll("%2F", "/"));
