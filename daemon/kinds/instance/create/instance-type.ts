/** Instance types: sizes by name, of which LXD's own notation works without a list from the network: "c2-m4" has two processors and 4 GiB. */
import type { Config } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";

const notation = /^(?:c(?<cpus>\d+(?:\.\d+)?))?(?<dash>-)?(?:m(?<memory>\d+(?:\.\d+)?))?$/;

/** @returns the limits that an instance type stands for; none when it is empty @throws ApiError BAD_REQUEST for a type that nobody knows */
export function limitsOfType(type: string): Config {
  if (type === "") return {};
  const { cpus, dash, memory } = notation.exec(type)?.groups ?? {};
  if (
    (cpus === undefined && memory === undefined) ||
    (dash !== undefined) !== (cpus !== undefined && memory !== undefined)
  )
    throw badRequest(
      `Provided instance type doesn't exist: ${type}. Use a size such as c2-m4 (processors, GiB of memory).`,
    );
  return {
    ...(cpus === undefined ? {} : cpuLimits(Number(cpus))),
    ...(memory === undefined ? {} : memoryLimit(Number(memory))),
  };
}

/** Parts of a processor are a share of the next whole number of them. */
function cpuLimits(cpus: number): Config {
  const cores = Math.ceil(cpus);
  if (cores === 0)
    throw badRequest("Provided instance type doesn't exist: it has no processor. Use a size such as c1-m1.");
  const share = Math.max(1, Math.floor((cpus / cores) * 100));
  return { "limits.cpu": String(cores), ...(share < 100 ? { "limits.cpu.allowance": `${share}%` } : {}) };
}

const memoryLimit = (gib: number): Config => ({ "limits.memory": `${Math.floor(gib * 1024)}MB` });
