/** Control groups: which limits this host can enforce, and through which version. */
import type { Finding } from "./finding";
import type { Host } from "./host";

interface ControllerRow {
  /** Name on v2, and on v1 where that is the same. */
  readonly name: string;
  readonly v1?: string;
  readonly effect: string;
  /** v2 does it without a controller. */
  readonly isBuiltIn?: boolean;
}

const rows: readonly ControllerRow[] = [
  { name: "memory", effect: "limits.memory" },
  { name: "cpu", effect: "limits.cpu.allowance, limits.cpu.priority" },
  { name: "cpuset", effect: "limits.cpu" },
  { name: "pids", effect: "limits.processes" },
  { name: "freezer", effect: "freezing containers", isBuiltIn: true },
];

/** Says which limits the host's control groups can enforce. */
export function cgroupFindings(host: Host): Finding[] {
  return host.uid === 0 ? findingsOfRoot(host) : [findingOfUser(host)];
}

/** What the groups of the host offer says nothing of what a user may make of them. */
function findingOfUser({ uid, delegated }: Host): Finding {
  const subject = "cgroups";
  const effect = "limits, pausing, and killing a container as a whole";
  if (delegated !== undefined) return { subject, status: "ok", found: `delegated: ${delegated.join(", ")}`, effect };
  const remedy = "Log in to a session of systemd on a host with cgroup v2 alone, or let root run the daemon";
  return { subject, status: "off", found: `none delegated to user ${uid}: limits are not enforced`, effect, remedy };
}

function findingsOfRoot({ cgroups, readOnlyCgroups: readOnly }: Host): Finding[] {
  const { v1, v2, v2Controllers } = cgroups;
  const names = [...(v1.size > 0 ? ["v1"] : []), ...(v2 === undefined ? [] : ["v2"])];
  const found = names.length === 2 ? `hybrid: v1 and v2 at ${v2}` : (v2 ?? names[0] ?? "not mounted");
  const layout = (status: Finding["status"], more: Partial<Finding> = {}): Finding => ({
    subject: "cgroups",
    status,
    found,
    effect: "limits, and killing a container as a whole",
    ...more,
  });
  return [
    names.length === 0
      ? layout("off", { remedy: "Run: mount -t cgroup2 cgroup2 /sys/fs/cgroup" })
      : readOnly.length > 0
        ? layout("missing", { found: `${found}, read-only`, remedy: `Mount them writable: ${readOnly.join(", ")}` })
        : layout("ok"),
    ...rows.map(({ name, v1: v1Name = name, effect, isBuiltIn }): Finding => {
      const subject = `cgroup ${name}`;
      if (v1.has(v1Name)) return { subject, status: "ok", found: `v1 at ${v1.get(v1Name)}`, effect };
      if (v2Controllers.has(name) || (isBuiltIn && v2 !== undefined))
        return { subject, status: "ok", found: `v2 at ${v2}`, effect };
      return {
        subject,
        status: "off",
        found: "no controller",
        effect,
        remedy: `Boot a kernel that has the controller ${name} and does not switch it off`,
      };
    }),
  ];
}
