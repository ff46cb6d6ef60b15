/** Refresh: a copy is made again over the one that is there; only what differs of its snapshots is copied (lxc copy --refresh). */

import { badRequest } from "../../../../sdk/api/errors";
import type { InstancesPost } from "../../../../sdk/api/instance";
import { Revert } from "../../../core/revert";
import type { InstanceHome } from "../home";
import { type InstanceId, type InstanceRecord, keyOf, otherPool } from "../record";
import { followRootSize, isLarger, sizeOfNewRoot } from "../root-size";
import { leaveToStart } from "./file-templates";
import { withoutPending } from "./pending-file-templates";

/** Whether a request refreshes an instance that is there; of one that is not it makes a plain copy, as in LXD. */
export const isRefresh = ({ book }: InstanceHome, id: InstanceId, { source }: InstancesPost): boolean =>
  (source.type === "copy" || source.type === "migration") && source.refresh === true && book.find(id) !== undefined;

/**
 * Checks a refresh. @param draft what a new copy would be @returns the work, done under the locks of both
 * @throws ApiError BAD_REQUEST when the target runs, or would be in another pool
 */
export function planRefresh(
  home: InstanceHome,
  source: InstanceRecord,
  draft: InstanceRecord,
  withSnapshots: boolean,
): () => Promise<void> {
  const { name } = draft;
  const requireStopped = () => {
    const target = home.book.record(draft);
    if (home.book.running.isActive(draft))
      throw badRequest(`Failed getting exclusive access to instance: Instance is running. Stop "${name}" first.`);
    if (target.pool !== draft.pool) throw otherPool(draft.pool);
    return target;
  };
  requireStopped();
  return async () => {
    const target = requireStopped();
    using _claim = home.projects.claimInstance(draft.project, { name, ...home.book.expanded(draft) });
    await home.sftp.leaveRoot(target);
    const [was, is] = [home.book.expanded(target).devices, home.book.expanded(draft).devices];
    const [before, after] = [sizeOfNewRoot(home, target.pool, was), sizeOfNewRoot(home, target.pool, is)];
    await using undo = new Revert(home.log);
    // Room is made before there is more to hold, and taken away after there is less.
    if (isLarger(after, before)) await followRootSize(home, target, was, is, undo);
    if (keyOf(source) !== keyOf(draft))
      await home.snapshots.copies.refreshVolumes(home.book.record(source), target, withSnapshots);
    if (!isLarger(after, before)) await followRootSize(home, target, was, is, undo);
    const record = home.book.replaceSettings(target, draft);
    undo.keep();
    const pending = await leaveToStart(home, record, "copy");
    home.book.store.update({ ...record, config: { ...withoutPending(record.config), ...pending } });
  };
}
