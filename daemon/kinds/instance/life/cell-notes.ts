/** Cell notes: what there is to warn of about a container that runs. */

import { urlOf } from "../../../core/ref";
import { protocolVersion, type RunningCell } from "../../../platform/native/index";
import { type InstanceId, instanceRef } from "../record";
import type { Life } from "./life";

/** Warns of a supervisor of another version and of device rules that are not in force, or takes back that it did; tells the log of helpers that die. */
export function noteCell({ home }: Life, instance: InstanceId, cell: RunningCell): void {
  const { protocol, unguarded } = cell;
  const { warnings } = home;
  const entity = urlOf(instanceRef(instance));
  cell.onHelperDeath = (deaths) =>
    home.log.warning(
      "The helper that answers a container's system calls died; calls that it had are told to try again",
      {
        name: instance.name,
        deaths,
      },
    );
  if (protocol === protocolVersion) warnings.resolve("supervisorVersion", entity);
  else warnings.record("supervisorVersion", { message: versionMessage(instance.name, protocol), entity });
  if (unguarded === undefined) warnings.resolve("deviceRules", entity);
  else
    warnings.record("deviceRules", {
      message: `Instance "${instance.name}" runs without device rules, since this host takes no such program (${unguarded}): the root of a privileged container can open the host's disks`,
      entity,
    });
}

const versionMessage = (name: string, protocol: number): string =>
  protocol < protocolVersion
    ? `Instance "${name}" is kept by the supervisor of an older Bothy (protocol ${protocol}, ours is ${protocolVersion}). It goes on and can be stopped; restart it for what came since, as limits that its root cannot change`
    : `Instance "${name}" is kept by the supervisor of a newer Bothy (protocol ${protocol}, ours is ${protocolVersion}). It goes on and can be stopped; the rest may not work. Run the newer daemon again, or restart the instance`;
