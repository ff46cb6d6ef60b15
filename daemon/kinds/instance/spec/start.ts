/** Spec of a start: the validated configuration as the ordered operations of bothy-cell (docs/native-protocol.md). */
import type { Config, Devices } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { parseRawLxc } from "../../../core/settings/raw-lxc";
import type { CgroupLayout } from "../../../platform/host/cgroups";
import { type IdRange, type Op, rootOps } from "../../../platform/native/index";
import type { RootSource } from "../../../platform/native/root-source";
import { rootFlagOps } from "../devices/disk";
import { cellSteps, type DevicePlan } from "../devices/step";
import type { ControlWrite } from "../limits/limits";
import { cgroupOps } from "./cgroups";
import { filesystemOps, guestMountOps } from "./filesystems";
import { interceptionOps } from "./interception";
import { isOci, ociCommandOps, resolverOps } from "./oci";
import {
  capabilityMask,
  commandOps,
  defaultPath,
  environmentOf,
  envOps,
  noNewPrivilegesOps,
  personalityOps,
  rlimitOps,
  sysctlOps,
} from "./process";

export interface StartFacts {
  readonly name: string;
  /** In LXD's words. */
  readonly architecture: string;
  /** Expanded configuration and devices. */
  readonly config: Config;
  readonly devices: Devices;
  readonly root: RootSource;
  readonly ids: IdRange | undefined;
  readonly plans: readonly DevicePlan[];
  readonly layout: CgroupLayout;
  /** Group of this container below every hierarchy, such as "bothy-1a2b/web". */
  readonly group: string;
  readonly limits: readonly ControlWrite[];
  /** By which it sees its own memory, processors and uptime. */
  readonly figures: readonly Op[];
  /** By which the container reaches the daemon. */
  readonly gate: readonly Op[];
  /** File of the host that is its resolv.conf; nothing for one that has its own. */
  readonly resolver: string | undefined;
  /** Folder of run files. */
  readonly controlDir: string;
  readonly consoleLog: string;
  /** Words for its security label. */
  readonly label: readonly Op[];
  /** Its seccomp program, if it has one. */
  readonly seccomp: readonly Op[];
  readonly hasDevice: (name: string) => boolean;
}

/** What raw.lxc says of the command counts before the image of OCI. @returns nothing where that image counts */
function initCommand(config: Config): readonly string[] | undefined {
  const raw = parseRawLxc(instanceConfig(config).get("raw.lxc"));
  return raw.initCommand ?? (isOci(config) ? undefined : ["/sbin/init"]);
}

function firstProcessOps(config: Config): Op[] {
  const command = initCommand(config);
  return command === undefined ? ociCommandOps(config) : [["cwd", "/"], ...commandOps(command)];
}

const consoleBytes = 128 * 1024;

/** The whole list of a start, in the order in which bothy-cell does it. */
export function startOps(facts: StartFacts): Op[] {
  const isPrivileged = facts.ids === undefined;
  const config = instanceConfig(facts.config);
  const isNesting = config.get("security.nesting");
  const needsV1 = config.get("image.requirements.cgroup") === "v1";
  const groups = { layout: facts.layout, group: facts.group, isPrivileged, isNesting, needsV1 };
  return [
    ["name", facts.name],
    ["control", facts.controlDir],
    ["console-log", facts.consoleLog, consoleBytes],
    ...rootOps(facts.root, facts.ids),
    ...rootFlagOps(facts.devices),
    ...cgroupOps({ ...groups, limits: facts.limits, deviceRules: facts.plans.flatMap(({ rules = [] }) => rules) }),
    ...facts.label,
    ...facts.seccomp,
    ...interceptionOps(facts.config),
    ["hostname", facts.name],
    ...filesystemOps({
      ...groups,
      hasDevice: facts.hasDevice,
      init: needsV1 ? undefined : initCommand(facts.config)?.[0],
    }),
    ...facts.figures,
    ...facts.gate,
    ...resolverOps(facts.resolver),
    ...guestMountOps(facts.plans.flatMap(({ places = [] }) => places)),
    ...cellSteps(facts.plans).map(({ op }) => op),
    ...sysctlOps(facts.config),
    ...rlimitOps(facts.config),
    ...personalityOps(facts.architecture),
    ["cap-keep", capabilityMask(isPrivileged)],
    ...noNewPrivilegesOps(facts.config),
    ["umask", "022"],
    ...envOps({ PATH: defaultPath, container: "lxc", TERM: "linux", ...environmentOf(facts.config) }),
    ...firstProcessOps(facts.config),
  ];
}
