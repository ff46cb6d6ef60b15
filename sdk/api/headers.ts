/** Headers: LXD's X-LXD-* and Incus' X-Incus-* say the same; both are sent, either is read. */

const families = ["x-lxd", "x-incus"];

/** Writes each header in both families; undefined values are left out. */
export function bothFamilies(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) for (const family of families) headers[`${family}-${name}`] = value;
  return headers;
}

/** Reads a header of either family. @returns undefined when it is absent or empty */
export function eitherFamily(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  name: string,
): string | undefined {
  for (const family of families) {
    const value = headers[`${family}-${name}`];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined && first !== "") return first;
  }
  return undefined;
}
