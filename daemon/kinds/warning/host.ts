/** Host: warnings of what this machine lacks, so that a configuration key has no effect. */
import { appArmorSupport } from "../../platform/apparmor/support";
import { type CgroupLayout, controllerDir } from "../../platform/host/cgroups";
import { hostSELinux } from "../../platform/selinux/labels";
import type { WarningKind } from "../../platform/warning/types";
import type { Warnings } from "./service";

const controllers: readonly { name: string; kind: WarningKind; message: string }[] = [
  { name: "cpu", kind: "cgroupCpu", message: "CPU time limits will be ignored" },
  { name: "cpuset", kind: "cgroupCpuset", message: "CPU pinning will be ignored" },
  { name: "memory", kind: "cgroupMemory", message: "memory limits will be ignored" },
  { name: "pids", kind: "cgroupPids", message: "process limits will be ignored" },
];

const withoutLabel = (appArmor: { readonly why: string }, selinux: { readonly isOn: boolean; readonly why: string }) =>
  selinux.isOn
    ? `Containers run without a label of SELinux: ${selinux.why}`
    : `Containers run without a profile of AppArmor: ${appArmor.why}`;

/** Records every controller that is missing, and that containers have no label. */
export function noteHost(
  warnings: Warnings,
  layout: CgroupLayout,
  appArmor = appArmorSupport(),
  selinux = hostSELinux(),
): void {
  if (!appArmor.works && !selinux.works) warnings.record("appArmor", { message: withoutLabel(appArmor, selinux) });
  for (const { name, kind, message } of controllers)
    if (controllerDir(layout, name, "") === undefined) warnings.record(kind, { message });
}
