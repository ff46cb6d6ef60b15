/** Live limits: the limits of containers that run, and the processors that limits.cpu binds each of them to. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { parseCpuList } from "../../../../sdk/api/config/values";
import { controllerDir } from "../../../platform/host/cgroups";
import type { Life } from "../life/life";
import type { Running } from "../life/running";
import type { InstanceId, InstanceRecord } from "../record";
import { applyWrites, chooseCpus, limitWrites, liveWrites } from "./limits";

/**
 * Chooses processors for limits.cpu among those online, the least bound first.
 * @param config expanded @param except an instance whose own processors do not count
 * @returns a list such as "0-1,3"; undefined for all
 */
export function pickCpus(running: Running, config: Config, except?: InstanceId): string | undefined {
  const online = parseCpuList(readFileSync("/sys/devices/system/cpu/online", "utf8").trim());
  return chooseCpus(instanceConfig(config).get("limits.cpu"), online, running.boundCpus(except));
}

/** Brings a running container's limits in line. @param config expanded */
export function applyLimits(life: Life, instance: InstanceId, config: Config): void {
  const cpus = pickCpus(life.running, config, instance);
  applyWrites(liveWrites(limitWrites(life.groups.layout, life.group(instance), config, cpus)));
  life.running.update(instance, { cpus });
}

/** The processors that limits.cpu bound a container to which an earlier daemon started. */
export function foundCpus(life: Life, record: InstanceRecord): string | undefined {
  if (!instanceConfig(life.book.expanded(record).config).has("limits.cpu")) return undefined;
  const dir = controllerDir(life.groups.layout, "cpuset", life.group(record));
  const file = dir && path.join(dir.path, "cpuset.cpus");
  // Without one, or with one that has just ended, nothing is bound.
  const list = file !== undefined && existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return list === "" ? undefined : list;
}
