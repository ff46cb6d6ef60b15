/** All of: several works side by side. */

/** Waits for all, and then tells of the first that failed: what follows must not run beside what is under way. */
export async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
