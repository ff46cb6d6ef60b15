/** Hold: stops every guest for a moment. */

import { parentGroupName, readCgroupLayout } from "./cgroups";
import { setFrozen } from "./freezer";

/**
 * Runs the work while no guest runs, so that none takes the space which is just made. Guests that cannot be stopped, or a host without a
 * freezer, hinder nothing.
 */
export async function whileGuestsHold<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  const set = (wanted: boolean) =>
    setFrozen(readCgroupLayout(), parentGroupName(stateDir), wanted).catch(() => undefined);
  await set(true);
  try {
    return await work();
  } finally {
    await set(false);
  }
}
