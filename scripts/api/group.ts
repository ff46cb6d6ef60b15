/** Groups: things by a key of theirs, in the order in which the keys are met. */

export function groupsBy<T, Key>(all: readonly T[], keyOf: (one: T) => Key): [key: Key, ones: T[]][] {
  const groups = new Map<Key, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups];
}
