/** At most: work for each of many things, so many at a time. */

/** @param most works that run beside each other @param work never rejects, or its first rejection is that of the whole; what has begun goes on then */
export async function forEachAtMost<T>(
  most: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: most }, worker));
}
