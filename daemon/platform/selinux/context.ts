/** Context: a label of SELinux as text, user:role:type:range. */

export interface Context {
  readonly user: string;
  readonly role: string;
  readonly type: string;
  /** Such as "s0", "s0-s0:c0.c1023"; empty where the policy has no levels. */
  readonly range: string;
}

/** @returns nothing for what is no context */
export function parseContext(text: string): Context | undefined {
  const [, user, role, type, range] = /^([\w.-]+):([\w.-]+):([\w.-]+)(?::([\w.:,-]+))?$/.exec(text) ?? [];
  if (user === undefined || role === undefined || type === undefined) return undefined;
  return { user, role, type, range: range ?? "" };
}

export const contextText = ({ user, role, type, range }: Context): string =>
  [user, role, type, ...(range === "" ? [] : [range])].join(":");

/** Two categories, the lower one first: containers with other ones are out of reach of each other. */
export type Categories = readonly [number, number];

/** How many categories policies have. */
const categoryCount = 1024;

/** How many pairs of them there are. */
export const pairCount = (categoryCount * (categoryCount - 1)) / 2;

/** @param number below pairCount @returns another pair for each */
export function categoriesOf(number: number): Categories {
  let second = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2);
  // A root of floating point may be one off.
  while ((second * (second - 1)) / 2 > number) second--;
  while ((second * (second + 1)) / 2 <= number) second++;
  return [number - (second * (second - 1)) / 2, second];
}

/**
 * The label of a container's processes. Their low level has no categories: so have the files that they make, which then fit into copies and snapshots as they are.
 * @param daemon whose user and role they have
 */
export const processContext = (daemon: Context, type: string, [first, second]: Categories): string =>
  contextText({ ...daemon, type, range: `s0-s0:c${first},c${second}` });

/** The label of files that are a container's. */
export const fileContext = (type: string): string =>
  contextText({ user: "system_u", role: "object_r", type, range: "s0" });
