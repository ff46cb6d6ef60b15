/** Live limits: the limits of containers that run, and the processors that limits.cpu binds each of them to. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { parseCpuList } from "../../../../sdk/api/config/values";
import { controllerDir } from "../../../platform/host/cgroups";
import type { Life } from "../life/life";
import type { Running } from "../life/running";
import { type InstanceId, type InstanceRecord, keyOf } from "../record";
import { balanced } from "./balance";
import { applyWrites, chooseCpus, cpusetOf, cpusetWrites, limitWrites, liveWrites } from "./limits";

/** The host's processors, read from one place: those online, and those of NUMA nodes. */
const onlineCpus = (): number[] => listIn("/sys/devices/system/cpu/online");

function listIn(file: string): number[] {
  const list = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return list === "" ? [] : parseCpuList(list);
}

/** Those among which limits.cpu chooses: all, or those of limits.cpu.nodes. As with processors, nodes that this host lacks are left out. */
function allowedCpus(config: Config, online: readonly number[]): readonly number[] {
  const nodes = instanceConfig(config).get("limits.cpu.nodes");
  const found = (nodes ?? []).flatMap((node) => listIn(`/sys/devices/system/node/node${node}/cpulist`));
  const allowed = online.filter((cpu) => found.includes(cpu));
  return allowed.length === 0 ? online : allowed;
}

/**
 * Chooses processors for limits.cpu among those online, the least bound first. A running container keeps those that it has, as far as they fit.
 * @param config expanded @param except an instance whose own processors do not count
 * @returns a list such as "0-1,3"; undefined for all
 */
export function pickCpus(running: Running, config: Config, except?: InstanceId): string | undefined {
  const limit = instanceConfig(config).get("limits.cpu");
  const online = onlineCpus();
  if (limit !== undefined && "set" in limit) return chooseCpus(limit, online, new Map());
  const allowed = allowedCpus(config, online);
  const has = except === undefined ? undefined : running.get(except)?.cpus;
  const kept = has === undefined ? [] : parseCpuList(has);
  if (limit !== undefined && kept.length === limit.count && kept.every((cpu) => allowed.includes(cpu))) return has;
  const chosen = chooseCpus(limit, allowed, running.boundCpus(except));
  return chosen ?? (allowed.length < online.length ? allowed.join(",") : undefined);
}

/** Brings a running container's limits in line. @param config expanded */
export function applyLimits(life: Life, instance: InstanceId, config: Config): void {
  const cpus = pickCpus(life.running, config, instance);
  const bound = { cpus: life.running.get(instance)?.cpus };
  applyWrites(liveWrites(limitWrites(life.groups.layout, life.group(instance), config, cpus, bound)));
  life.running.update(instance, { cpus });
}

/**
 * Spreads the containers that are bound to a number of processors, as they come and go. Those that stay where they are cost nothing. Never throws: what cannot
 * be moved stays.
 */
export function rebalance(life: Life): void {
  const { book, home, running } = life;
  const online = onlineCpus();
  // Those alone are looked up: most containers are bound to nothing, and a start among thousands looks at none of them.
  const all = running.bound().flatMap(({ instance, cpus }) => {
    const record = book.find(instance);
    if (record === undefined) return [];
    const { config } = book.expanded(record);
    const limit = instanceConfig(config).get("limits.cpu");
    const among = limit !== undefined && "count" in limit ? allowedCpus(config, online) : undefined;
    return [{ instance, key: keyOf(instance), cpus: parseCpuList(cpus), among }];
  });
  const moves = balanced(all);
  for (const { instance, key, cpus: had } of all) {
    const cpus = moves.get(key)?.join(",");
    if (cpus === undefined) continue;
    try {
      const bound = { cpus: had.join(",") };
      applyWrites(liveWrites(cpusetWrites(life.groups.layout, life.group(instance), cpus, bound)));
      running.update(instance, { cpus });
    } catch (error) {
      // One that is about to end has no groups any more.
      home.log.debug("Cannot bind a container to other processors", { name: instance.name, error });
    }
  }
}

/** The processors to which a container is bound that an earlier daemon started. */
export function foundCpus(life: Life, record: InstanceRecord): string | undefined {
  const dir = controllerDir(life.groups.layout, "cpuset", life.group(record));
  const file = dir && path.join(dir.path, "cpuset.cpus");
  // Without one, or with one that has just ended, nothing is bound.
  if (dir === undefined || file === undefined || !existsSync(file)) return undefined;
  const list = readFileSync(file, "utf8").trim();
  if (list === "" || list === cpusetOf(path.dirname(dir.path))) return undefined;
  return parseCpuList(list).join(",");
}
