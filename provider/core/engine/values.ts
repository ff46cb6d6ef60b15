/** Values: what Pulumi puts where a value is not known yet, and what it refuses. */

/** Properties as they cross Pulumi's wire: plain JSON. */
export type Props = Record<string, unknown>;

/**
 * The text that stands for a value which is known only after another resource was made. It arrives in check and diff during
 * preview, also nested; the constant is Pulumi's (runtime/rpc.ts, unknownValue).
 */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** @returns whether a value is unknown or has an unknown anywhere inside */
export function holdsUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(holdsUnknown);
  return isMap(value) && Object.values(value).some(holdsUnknown);
}

export const isMap = (value: unknown): value is Props =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Takes null members out of maps, where they mean "not given". Those of lists stay: a list without one of its items would be another list.
 */
export function given<T>(value: T): T {
  if (Array.isArray(value)) return value.map(given) as T;
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => [name, given(member)]),
  ) as T;
}

/** Drops undefined and null members at every depth: Pulumi's encoder throws on the first, and the second means "not given". */
export function compact<T>(value: T): T {
  if (Array.isArray(value)) return value.filter((item) => item !== undefined && item !== null).map(compact) as T;
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => [name, compact(member)]),
  ) as T;
}

/** Drops the empty texts of maps at every depth: in configuration and devices they mean "not set". */
export function withoutEmptyValues(value: unknown): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== "")
      .map(([name, member]) => [name, withoutEmptyValues(member)]),
  );
}

/** Compares two JSON values by content; the order of map keys does not matter, that of lists does. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => same(item, b[at]));
  if (!isMap(a) || !isMap(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]));
}

/** The members of a map that begin with two underscores: Bothy's and Pulumi's own, hidden from users. */
export const hiddenOf = (props: Props): Props =>
  Object.fromEntries(Object.entries(props).filter(([name]) => name.startsWith("__")));

export const visibleOf = (props: Props): Props =>
  Object.fromEntries(Object.entries(props).filter(([name]) => !name.startsWith("__")));
