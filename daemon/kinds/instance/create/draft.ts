/** Draft: a request for a new instance, checked and completed before anything is made. */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type Config, type Devices, epoch } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstancesPost } from "../../../../sdk/api/instance";
import { hostArchitecture } from "../../../../sdk/host/architecture";
import { withoutEmpty, withoutEmptyOptions } from "../../../core/merge";
import { requireRunnable } from "../../../platform/host/architecture";
import { nowText } from "../../../platform/time";
import { checkSettings, nothing, type Settings } from "../change/checks";
import { withNewCloudInitId } from "../change/cloud-init-id";
import { requireUuids } from "../change/volatile";
import { withChosenKeys } from "../devices/devices";
import { isChosenKey } from "../devices/volatile-keys";
import { devicesIn } from "../devices-in";
import type { InstanceHome } from "../home";
import { type InstanceId, type InstanceRecord, rootDisk, rootOf } from "../record";
import { limitsOfType } from "./instance-type";
import { isRefresh } from "./refresh";

/** What the source of an instance brings along. */
export interface Origin {
  readonly config: Config;
  readonly profiles?: readonly string[] | undefined;
  readonly architecture?: string;
  /** Of the volume that the root is made of. */
  readonly volumeConfig?: Config | undefined;
  /** Settings of an instance or snapshot that is copied, and the pool of its root. They are not judged again, and a root that nothing gives stays in that pool. */
  readonly standing?: { readonly settings: Settings; readonly pool: string };
}

/** @returns the record to make @throws ApiError for everything that can be known to be wrong beforehand */
export function draftInstance(
  home: InstanceHome,
  { project, name }: InstanceId,
  post: InstancesPost,
  origin: Origin,
): InstanceRecord {
  // lxc copy sends an empty type.
  if (post.type !== "" && post.type !== "container")
    throw badRequest(`Cannot create instance "${name}": Bothy makes containers only, not the type "${post.type}".`);
  requireUuids({}, post.config);
  // That of an image or a source counts, as in LXD.
  const wanted = origin.architecture || post.architecture || hostArchitecture;
  const architecture = requireRunnable(wanted, `create instance "${name}"`);
  const profiles = post.profiles ?? origin.profiles ?? ["default"];
  const partial = {
    project,
    config: withNewCloudInitId({
      ...withoutEmpty({ ...origin.config, ...limitsOfType(post.instance_type), ...chosen(post.config) }),
      "volatile.uuid": randomUUID(),
    }),
    devices: withoutEmptyOptions(post.devices),
  };
  const { standing } = origin;
  checkSettings(home, { name, ...partial, profiles }, standing?.settings ?? nothing);
  const expanded = home.book.expanded({ ...partial, profiles });
  const pool = poolFor(home, expanded.devices, standing);
  home.storagePools.record(pool);
  home.projects.allowInstance(project, { name, ...expanded }, !isRefresh(home, { project, name }, post));
  return {
    project,
    name,
    architecture,
    description: post.description,
    config: withChosenKeys({ name, ...partial }, expanded.devices),
    devices: standing === undefined ? partial.devices : devicesIn(home.book, project, pool, { ...partial, profiles }),
    profiles,
    ephemeral: post.ephemeral,
    createdAt: nowText(),
    lastUsedAt: epoch,
    pool,
    volumeConfig: origin.volumeConfig ?? {},
  };
}

/** Where the root goes: where its device says, or where that of the source lies when a copy's device has lost its pool. */
function poolFor(home: InstanceHome, devices: Devices, standing: Origin["standing"]): string {
  const root = rootOf(devices);
  if (standing === undefined) return rootDisk(devices).pool;
  const isThere = home.storagePools.records().some(({ name }) => name === root?.pool);
  const isAsked = !isDeepStrictEqual(root, rootOf(home.book.expanded(standing.settings).devices));
  return isThere || isAsked ? rootDisk(devices).pool : standing.pool;
}

/** Of the keys that the daemon keeps for itself, a new instance's hardware addresses may be chosen; the rest is not taken. */
const chosen = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("volatile.") || isChosenKey(key)));
