/** Cell: what bothy-cell finds the kernel to offer when it really asks for it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { isNested } from "../../sdk/host/own-ids";
import { cellProgram, packageRoot } from "../../sdk/host/package";
import type { Finding } from "./finding";

const effect = "every container";
const nativeFolder = path.join(packageRoot, "native");

/** What `bothy-cell probe` prints, as far as it is read here; a probe that does not know a question leaves it out. */
const Probe = z.looseObject({
  uid: z.number(),
  userNamespaces: z.boolean().optional(),
  networkNamespaces: z.boolean().optional(),
  pidfd: z.boolean().optional(),
  openat2: z.boolean().optional(),
  idmappedMounts: z.boolean().optional(),
  overlay: z.boolean().optional(),
  overlayIdmappedLayers: z.boolean().optional(),
  veth: z.boolean().optional(),
  bridge: z.boolean().optional(),
  cgroup: z
    .looseObject({
      writable: z.boolean().optional(),
      cloneInto: z.boolean().optional(),
      kill: z.boolean().optional(),
      freeze: z.boolean().optional(),
      deviceRules: z.boolean().optional(),
    })
    .default({}),
});
type Probe = z.infer<typeof Probe>;

interface TrialRow {
  readonly subject: string;
  readonly effect: string;
  readonly answer: (probe: Probe) => boolean | undefined;
  /** Without it no container can be made. */
  readonly isNeeded?: boolean;
  /** Whether a daemon in a container gets along without it. */
  readonly isOfHosts?: boolean;
  readonly remedy: string;
}

const loadable = (name: string) => `Run: modprobe ${name}, or use a kernel that has it`;
const kernel = (version: string) => `Use Linux ${version} or newer`;

const rows: readonly TrialRow[] = [
  {
    subject: "trial: pidfd",
    effect,
    answer: ({ pidfd }) => pidfd,
    isNeeded: true,
    remedy: kernel("5.3"),
  },
  {
    subject: "trial: openat2",
    effect: "access to files that no symlink can lead out",
    answer: ({ openat2 }) => openat2,
    isNeeded: true,
    remedy: kernel("5.6"),
  },
  {
    subject: "trial: network namespace",
    effect,
    answer: ({ networkNamespaces }) => networkNamespaces,
    isNeeded: true,
    remedy: "Run as root, outside of a container that forbids it",
  },
  {
    subject: "trial: user namespace",
    effect: "unprivileged containers, the default",
    answer: ({ userNamespaces }) => userNamespaces,
    remedy: "Run: sysctl -w user.max_user_namespaces=65536",
  },
  {
    subject: "trial: id-mapped mount",
    effect: "unprivileged containers, the default",
    answer: ({ idmappedMounts }) => idmappedMounts,
    isOfHosts: true,
    remedy: kernel("5.12"),
  },
  {
    subject: "trial: overlay",
    effect: "storage pools: driver overlay, the fastest",
    answer: ({ overlay }) => overlay,
    remedy: loadable("overlay"),
  },
  {
    subject: "trial: overlay of id-mapped layers",
    effect: "unprivileged containers in pools of the driver overlay",
    answer: ({ overlayIdmappedLayers }) => overlayIdmappedLayers,
    isOfHosts: true,
    remedy: kernel("5.19"),
  },
  { subject: "trial: veth", effect: "nics of containers", answer: ({ veth }) => veth, remedy: loadable("veth") },
  { subject: "trial: bridge", effect: "networks", answer: ({ bridge }) => bridge, remedy: loadable("bridge") },
  {
    subject: "trial: cgroup of one's own",
    effect: "limits",
    answer: ({ cgroup }) => cgroup.writable,
    remedy: "Mount cgroups writable, or have a group delegated",
  },
  {
    subject: "trial: cgroup.kill",
    effect: "killing a container as a whole, in one step",
    answer: ({ cgroup }) => cgroup.kill,
    remedy: kernel("5.14"),
  },
  {
    subject: "trial: device rules",
    effect: "keeping containers, privileged ones above all, from the host's devices",
    answer: ({ cgroup }) => cgroup.deviceRules,
    isOfHosts: true,
    remedy: "Use a kernel that is built with CONFIG_CGROUP_BPF, where the daemon may load programs",
  },
  {
    subject: "trial: cgroup.freeze",
    effect: "freezing containers",
    answer: ({ cgroup }) => cgroup.freeze,
    remedy: kernel("5.2"),
  },
];

/** Runs the probe of a bothy-cell. @param folder on the file system that containers shall lie on @param file path of the executable */
export async function cellFindings(folder: string, file = cellProgram): Promise<Finding[]> {
  const subject = "bothy-cell";
  if (!existsSync(file))
    return [{ subject, status: "missing", found: "not built", effect, remedy: `Run: make -C ${nativeFolder}` }];
  try {
    const { stdout } = await promisify(execFile)(file, ["probe", folder]);
    return [{ subject, status: "ok", found: file, effect }, ...trialFindings(Probe.parse(JSON.parse(stdout)))];
  } catch (error) {
    const found = `cannot probe: ${error instanceof Error ? error.message.trim() : String(error)}`;
    const remedy = `Build it for this machine: make -C ${nativeFolder} clean all`;
    return [{ subject, status: "missing", found, effect, remedy }];
  }
}

function trialFindings(probe: Probe): Finding[] {
  return rows.flatMap(({ subject, effect: doneBy, answer, isNeeded, isOfHosts, remedy }): Finding[] => {
    const fine = isOfHosts && isNested ? undefined : answer(probe);
    if (fine === undefined) return [];
    if (fine) return [{ subject, status: "ok", found: "works", effect: doneBy }];
    // A daemon is root, be it in a namespace of the user's; what is refused to the user says nothing about it, and the trial of a container does.
    if (probe.uid !== 0) return [{ subject, status: "unknown", found: `not for user ${probe.uid}`, effect: doneBy }];
    return [{ subject, status: isNeeded ? "missing" : "off", found: "does not work", effect: doneBy, remedy }];
  });
}
