/** Volume users: instances that have a custom volume as a disk, by themselves or by a profile. */
import type { Devices } from "../../../../sdk/api/common";
import type { Ref } from "../../../core/ref";
import type { References } from "../../../core/references/references";
import type { InstanceBook } from "../book";
import type { Lifecycle } from "../life/lifecycle";

const isInstance = ({ kind }: Ref) => kind === "instance";

/** Those that run. */
export const runningUsersOf = (references: References, book: InstanceBook, volume: Ref): Ref[] =>
  references.to(volume).filter((user) => isInstance(user) && book.running.has(user));

/** Runs the work while none of some instances runs; freezes those that run meanwhile. */
export const whileAllStill = <T>(lifecycle: Lifecycle, instances: readonly Ref[], work: () => Promise<T>): Promise<T> =>
  instances.reduce<() => Promise<T>>((inner, instance) => () => lifecycle.whileStill(instance, inner), work)();

/** Gives the instances among some users other devices that come to the same, within the caller's transaction. */
export function replaceDevices(book: InstanceBook, users: readonly Ref[], next: (devices: Devices) => Devices): void {
  for (const user of users.filter(isInstance)) {
    const record = book.store.findAny(user);
    if (record !== undefined) book.store.update({ ...record, devices: next(record.devices) });
  }
}
