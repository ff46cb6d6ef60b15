/** A change of ACLs, or of what their rules name: each network that they count on follows at once, or nothing changes. */
import { Revert } from "../../../core/revert";
import type { Log } from "../../../platform/log";

export interface AclChange {
  /** Stores it. */
  make(): void;
  takeBack(): void;
}

/** @param follow applies the ACLs of a network as they are now @throws ApiError when a network cannot follow, after all is as it was */
export async function changeAcls(
  networks: readonly string[],
  { make, takeBack }: AclChange,
  follow: (network: string) => Promise<void>,
  log: Log,
): Promise<void> {
  const followed: string[] = [];
  await using undo = new Revert(log);
  undo.add(async () => {
    for (const network of followed) await follow(network);
  });
  // Run first: the networks then look at the ACLs as they were.
  undo.add(takeBack);
  make();
  for (const network of networks) {
    followed.push(network);
    await follow(network);
  }
  undo.keep();
}
