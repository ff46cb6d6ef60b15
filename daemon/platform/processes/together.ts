/** Together: works that go on side by side. */

/** Waits for all, also when one fails: what is still being made then could not be undone. @throws the first error */
export async function together(works: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
