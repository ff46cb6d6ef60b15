/** Profile users: the instances that have a profile, when it changes or gets another name. */
import type { Config, Devices } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import { ownCall } from "../../../core/call";
import { type ProfileId, type ProfileRecord, renamedIn } from "../../profile/store";
import { withoutGone } from "../devices/volatile-keys";
import type { InstanceHome } from "../home";
import type { Lifecycle } from "../life/lifecycle";
import { expand, type InstanceId, instanceRef, rootOf } from "../record";
import { checkExpanded } from "./checks";
import { followCloudInit } from "./cloud-init-id";
import { followLive } from "./live-update";

/** What of a profile its instances follow. */
interface Settings {
  readonly config: Config;
  readonly devices: Devices;
}

/**
 * Refuses a profile that one of its instances cannot have.
 * @param after the profile as it shall be
 */
export function checkProfile(home: InstanceHome, after: ProfileRecord): void {
  const { book, profiles } = home;
  for (const record of book.usersOfProfile(after)) {
    const layers = profiles
      .layers(record.project, record.profiles)
      .map((layer) => (layer.name === after.name ? after : layer));
    const [was, is] = [book.expanded(record), expand(record, layers)];
    const refuse = (cause: string) =>
      badRequest(`Cannot update profile "${after.name}": instance "${record.name}" uses it. ${cause}`);
    const [oldRoot, root] = [rootOf(was.devices), rootOf(is.devices)];
    if (root?.pool !== record.pool && root?.pool !== oldRoot?.pool)
      throw refuse("At least one instance relies on this profile's root disk device. Give the instance its own first.");
    try {
      checkExpanded(home, record, is, was);
    } catch (error) {
      throw refuse((error as Error).message);
    }
  }
}

/** Applies a changed profile to the instances that have it: a stopped one has only a root to follow. @throws ApiError that names the instances that could not follow */
export async function followProfile(
  home: InstanceHome,
  lifecycle: Lifecycle,
  profile: ProfileId,
  before: Settings,
): Promise<void> {
  const failed: string[] = [];
  // One that is being made is made by the profile as it is then.
  const users = home.book.usersOfProfile(profile).filter((user) => home.book.find(user) !== undefined);
  for (const user of users)
    try {
      await home.changes.run(ownCall(user.project), {
        of: [instanceRef(user)],
        told: { action: "instance-updated", of: instanceRef(user) },
        work: () => follow(home, lifecycle, user, profile, before),
      });
    } catch (error) {
      failed.push(`${user.name}: ${(error as Error).message}`);
    }
  if (failed.length > 0)
    throw badRequest(
      `The following instances failed to update (profile change still saved):\n - ${failed.join("\n - ")}`,
    );
}

async function follow(
  home: InstanceHome,
  lifecycle: Lifecycle,
  instance: InstanceId,
  profile: ProfileId,
  before: Settings,
): Promise<void> {
  const { book, profiles } = home;
  const devices = () => {
    const record = book.find(instance);
    return record === undefined ? {} : book.expanded(record).devices;
  };
  await home.customVolumes.whileHeld(instance.project, devices, async () => {
    const record = book.find(instance);
    if (record === undefined) return;
    const layers = profiles.layers(record.project, record.profiles);
    const was = expand(
      record,
      layers.map((layer) => (layer.name === profile.name ? { ...layer, ...before } : layer)),
    );
    const is = expand(record, layers);
    const made = await followLive(home, lifecycle, record, was, is);
    if (book.running.has(instance)) book.noteLive(instance, made);
    book.change(instance, (now) => ({
      ...now,
      config: followCloudInit(withoutGone(now.config, was.devices, is.devices), was, is),
    }));
  });
}

/** Follows a renamed profile, within the caller's transaction. */
export function renameInUsers({ book }: InstanceHome, profile: ProfileId, to: string): void {
  for (const record of book.usersOfProfile(profile))
    book.store.update({ ...record, profiles: renamedIn(record.profiles, profile.name, to) });
}
