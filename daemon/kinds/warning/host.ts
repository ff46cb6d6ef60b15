/** Host: warnings of what this machine lacks, so that a configuration key has no effect. */
import { appArmorSupport } from "../../platform/apparmor/support";
import { type CgroupLayout, controllerDir } from "../../platform/host/cgroups";
import type { WarningKind } from "../../platform/warning/types";
import type { Warnings } from "./service";

const controllers: readonly { name: string; kind: WarningKind; message: string }[] = [
  { name: "cpu", kind: "cgroupCpu", message: "CPU time limits will be ignored" },
  { name: "cpuset", kind: "cgroupCpuset", message: "CPU pinning will be ignored" },
  { name: "memory", kind: "cgroupMemory", message: "memory limits will be ignored" },
  { name: "pids", kind: "cgroupPids", message: "process limits will be ignored" },
];

/** Records every controller that is missing, and AppArmor. */
export function noteHost(warnings: Warnings, layout: CgroupLayout, appArmor = appArmorSupport()): void {
  if (!appArmor.works)
    warnings.record("appArmor", { message: `Containers run without a profile of AppArmor: ${appArmor.why}` });
  for (const { name, kind, message } of controllers)
    if (controllerDir(layout, name, "") === undefined) warnings.record(kind, { message });
}
