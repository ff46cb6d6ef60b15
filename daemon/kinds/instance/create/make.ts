/** Make: an instance comes to be: its name is taken, its volume is filled, then it exists. A failure or a crash leaves nothing. */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import { isDuplicate } from "../../../platform/database/database";
import { checkSettings, type Settings } from "../change/checks";
import type { InstanceHome } from "../home";
import { type InstanceRecord, rootOf } from "../record";
import { eraseInstance } from "./erase";
import { makeLinks } from "./links";

/**
 * @param fill makes the volume, and says what the daemon keeps of that in the configuration
 * @param standing settings that are not judged: those of a copy's source
 * @param alongside what is noted with it, by the same commit: each waits for the disk
 */
export async function make(
  home: InstanceHome,
  draft: InstanceRecord,
  fill: (record: InstanceRecord) => Promise<Config>,
  standing?: Settings,
  alongside: () => void = () => undefined,
): Promise<void> {
  requireStillPossible(home, draft, standing);
  const record = takeName(home, draft);
  try {
    const noted = await fill(record);
    await makeLinks(home, record.pool, record);
    home.database.transaction(() => {
      home.book.store.confirm(record);
      home.book.change(record, (now) => ({ ...now, config: { ...now.config, ...noted } }));
      alongside();
    });
  } catch (error) {
    await eraseInstance(home, record).catch((cause: unknown) =>
      home.log.error("Cannot remove a half made instance; the next start does", { name: record.name, error: cause }),
    );
    throw error;
  }
}

/** Project, profiles, networks and pool may be gone since the request was checked, or the project may be full. The name is taken in the same turn. */
function requireStillPossible(home: InstanceHome, draft: InstanceRecord, standing: Settings | undefined): void {
  checkSettings(home, draft, standing);
  const root = rootOf(home.book.expanded(draft).devices);
  const isStanding = standing !== undefined && isDeepStrictEqual(root, rootOf(home.book.expanded(standing).devices));
  if (root?.pool !== draft.pool && !isStanding)
    throw badRequest(`Cannot create instance "${draft.name}": its root disk was moved meanwhile. Try again.`);
  home.storagePools.record(draft.pool);
  home.projects.allowInstance(draft.project, { name: draft.name, ...home.book.expanded(draft) }, true);
}

/** With host ids of its own; nobody sees it yet. */
function takeName({ book }: InstanceHome, draft: InstanceRecord): InstanceRecord {
  const record = { ...draft, config: book.hostIds.giveNew(draft.config) };
  try {
    book.store.insertPending(record);
  } catch (error) {
    book.hostIds.release(record.config);
    if (isDuplicate(error)) book.requireFree(record);
    throw error;
  }
  return record;
}
