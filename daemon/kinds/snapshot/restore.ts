/** Restore: the way back of an instance to one of its snapshots. */
import type { Config } from "../../../sdk/api/common";
import { isStampKey } from "../../../sdk/api/stamp";
import { snapshotRef, urlOf } from "../../core/ref";
import { Revert } from "../../core/revert";
import { pendingOf, withoutPending } from "../instance/create/pending-file-templates";
import { devicesIn } from "../instance/devices-in";
import { requireStartable } from "../instance/life/startable";
import type { InstanceRecord } from "../instance/record";
import { followRootSize } from "../instance/root-size";
import { snapshotVolume, volumeOf } from "../instance/volume";
import type { SnapshotHome } from "./home";
import { type SnapshotRecord, settingsOf } from "./store";

/** Puts an instance back to one of its snapshots: a running one is stopped before and started after. Under the instance's lock. @throws ApiError */
export async function restoreSnapshot(
  home: SnapshotHome,
  instance: InstanceRecord,
  found: SnapshotRecord,
): Promise<void> {
  const { name } = found;
  const { book } = home.instances.home;
  // Where the snapshot's settings are lost, the instance keeps its own.
  const isDamaged = home.damages.has(urlOf(snapshotRef(instance.name, name, instance.project)));
  const told = isDamaged ? instance : found.settings;
  // A profile may say another pool by now than it did then.
  const devices = devicesIn(book, instance.project, instance.pool, told);
  const snapshot = { ...found, settings: { ...told, devices } };
  const { lifecycle } = home.instances;
  const { running, store } = book;
  const volume = snapshotVolume(instance, name);
  await home.volumes.requireThere(instance.pool, volume);
  const expanded = book.expanded({ ...snapshot.settings, project: instance.project });
  using _claim = home.projects.claimInstance(instance.project, { name: instance.name, ...expanded });
  const putBack = async () => {
    await home.instances.home.sftp.leaveRoot(instance);
    await home.volumes.restore(instance.pool, volume, volumeOf(instance));
    const { profiles, description, ephemeral, volumeConfig = {} } = told;
    const now = book.record(instance);
    const config = restoredConfig(now, snapshot);
    store.update({ ...now, config, devices, profiles, description, ephemeral, volumeConfig });
    await followSize(home, now);
  };
  if (!running.has(instance)) return await putBack();
  const config = restoredConfig(instance, snapshot);
  // Settings of before have more in them: name and pool of the instance that they were made of.
  const next = { ...instance, ...settingsOf({ ...snapshot.settings, volumeConfig: instance.volumeConfig }), config };
  await requireStartable(home.instances.home, next);
  const start = () => lifecycle.start(book.record(instance));
  await lifecycle.whileRestarting(instance, async () => {
    await lifecycle.kill(instance);
    // As it was before when it cannot be put back.
    await putBack().catch((error: unknown) => start().then(() => Promise.reject(error)));
    await start();
  });
}

/** The root of a stopped instance follows what its settings say of its size now. The rest is done: where it cannot follow, it keeps the size it has. */
async function followSize({ instances }: SnapshotHome, before: InstanceRecord): Promise<void> {
  const { home } = instances;
  const [was, is] = [before, home.book.record(before)].map((record) => home.book.expanded(record).devices);
  await using undo = new Revert(home.log);
  try {
    await followRootSize(home, before, was ?? {}, is ?? {}, undo);
  } catch (error) {
    home.log.warning("The root of a restored instance keeps its size", { name: before.name, error });
  }
  undo.keep();
}

/** The configuration of a restored instance: the snapshot's, but for what the daemon itself keeps and the stamp. */
function restoredConfig(now: InstanceRecord, { settings }: SnapshotRecord): Config {
  const isKept = ([key]: [string, unknown]) => key.startsWith("volatile.") || isStampKey(key);
  const own = Object.entries(settings.config).filter((entry) => !isKept(entry));
  const kept = Object.entries(withoutPending(now.config)).filter(isKept);
  // What is to be made again is a matter of the root, which is the snapshot's.
  return { ...Object.fromEntries([...own, ...kept]), ...pendingOf(settings.config) };
}
