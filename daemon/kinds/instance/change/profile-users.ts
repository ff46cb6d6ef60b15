/** Profile users: the instances that have a profile, when it changes or gets another name. */
import type { Config, Devices } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import type { Context } from "../../../context";
import { type ProfileRecord, renamedIn } from "../../profile/store";
import { expand, type InstanceRecord, rootOf } from "../record";
import { checkExpanded } from "./checks";
import { followLive } from "./live-update";

/** What of a profile its instances follow. */
interface Settings {
  readonly config: Config;
  readonly devices: Devices;
}

const usersOf = ({ instances }: Context, profile: string): InstanceRecord[] =>
  [...instances.store.list(), ...instances.store.listPending()].filter(({ profiles }) => profiles.includes(profile));

/**
 * Refuses a profile that one of its instances cannot have.
 * @param after the profile as it shall be
 */
export function checkProfile(context: Context, after: ProfileRecord): void {
  const { instances, profiles } = context;
  for (const record of usersOf(context, after.name)) {
    const layers = record.profiles.flatMap((name) => (name === after.name ? after : (profiles.find(name) ?? [])));
    const [was, is] = [instances.expanded(record), expand(record, layers)];
    const refuse = (cause: string) =>
      badRequest(`Cannot update profile "${after.name}": instance "${record.name}" uses it. ${cause}`);
    const [oldRoot, root] = [rootOf(was.devices), rootOf(is.devices)];
    if (root?.pool !== record.pool && root?.pool !== oldRoot?.pool)
      throw refuse("At least one instance relies on this profile's root disk device. Give the instance its own first.");
    try {
      checkExpanded(context, record, is, was);
    } catch (error) {
      throw refuse((error as Error).message);
    }
  }
}

/** Applies a changed profile to the running instances that have it. @throws ApiError that names the instances that could not follow */
export async function followProfile(context: Context, profile: string, before: Settings): Promise<void> {
  const failed: string[] = [];
  for (const { name, profiles } of context.instances.store.list()) {
    if (!profiles.includes(profile)) continue;
    try {
      await context.locks.run(`instance/${name}`, () => follow(context, name, profile, before));
    } catch (error) {
      failed.push(`${name}: ${(error as Error).message}`);
    }
  }
  if (failed.length > 0)
    throw badRequest(
      `The following instances failed to update (profile change still saved):\n - ${failed.join("\n - ")}`,
    );
}

async function follow(context: Context, name: string, profile: string, before: Settings): Promise<void> {
  const { instances, profiles } = context;
  const record = instances.store.find(name);
  if (record === undefined || !instances.lifecycle.isRunning(name)) return;
  const layers = record.profiles.flatMap((layer) => profiles.find(layer) ?? []);
  const was = expand(
    record,
    layers.map((layer) => (layer.name === profile ? { ...layer, ...before } : layer)),
  );
  instances.noteLive(name, await followLive(context, instances.lifecycle, record, was, expand(record, layers)));
}

/** Follows a renamed profile, within the caller's transaction. */
export function renameInUsers(context: Context, from: string, to: string): void {
  for (const record of usersOf(context, from))
    context.instances.store.update({
      ...record,
      profiles: renamedIn(record.profiles, from, to),
    });
}
