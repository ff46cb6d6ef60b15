/** Balance: which processors the containers have that are bound to a number of them, so that no processor has much more of them than another. */

export interface Bound {
  readonly key: string;
  readonly cpus: readonly number[];
  /** Among which its processors may be others; nothing for one that says which it wants. */
  readonly among: readonly number[] | undefined;
}

/**
 * Moves containers from processors that many are bound to, to those that few are: as few moves as that takes. Each one lessens the sum of the squares, so
 * there is an end.
 * @returns the processors of those that are moved, by key
 */
export function balanced(all: readonly Bound[]): Map<string, number[]> {
  const loads = new Map<number, number>();
  const add = (cpu: number, more: number) => loads.set(cpu, (loads.get(cpu) ?? 0) + more);
  for (const { cpus } of all) for (const cpu of cpus) add(cpu, 1);
  const load = (cpu: number) => loads.get(cpu) ?? 0;
  const now = new Map(all.map(({ key, cpus }) => [key, [...cpus]]));
  const moved = new Set<string>();
  const move = ({ key, among }: Bound): boolean => {
    const cpus = now.get(key) ?? [];
    const from = cpus.reduce((most, cpu) => (load(cpu) > load(most) ? cpu : most), cpus[0] ?? -1);
    const free = (among ?? []).filter((cpu) => !cpus.includes(cpu));
    const to = free.reduce((least, cpu) => (load(cpu) < load(least) ? cpu : least), free[0] ?? -1);
    if (from < 0 || to < 0 || load(from) - load(to) < 2) return false;
    now.set(
      key,
      [...cpus.filter((cpu) => cpu !== from), to].sort((a, b) => a - b),
    );
    add(from, -1);
    add(to, 1);
    moved.add(key);
    return true;
  };
  while (all.some(move));
  return new Map([...moved].map((key) => [key, now.get(key) ?? []]));
}
