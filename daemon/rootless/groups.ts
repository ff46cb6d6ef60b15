/**
 * Groups: the control groups that an ordinary user's daemon may divide, as a scope of the user's own service manager (systemd.scope(5), Delegate=).
 * The holder's namespace of control groups begins at the scope, so the daemon within finds it as a host's root group.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { delegatedControllers } from "../../sdk/host/delegated-groups";
import { findProgram } from "../../sdk/host/program";

/** Says to a daemon that it is in a scope of its own already. */
const scopeVariable = "BOTHY_SCOPE";

const mountPoint = "/sys/fs/cgroup";

/** No group that has others below it may have processes (cgroup-v2.rst, No Internal Process Constraint): these are the daemon's. */
const leafName = "daemon";

/** Starts the daemon anew in a scope of its own, where the user has a service manager that gives one. Does not return then. */
export function enterScope(command: readonly string[], env: NodeJS.ProcessEnv): void {
  const systemdRun = findProgram("systemd-run");
  const manager = path.join(env.XDG_RUNTIME_DIR || "/nowhere", "systemd", "private");
  const isOffered = delegatedControllers(process.getuid?.() ?? 0) !== undefined && existsSync(manager);
  if (env[scopeVariable] !== undefined || systemdRun === undefined || !isOffered) return;
  const words = ["--user", "--scope", "--quiet", "--collect", "--property=Delegate=yes", "--", ...command];
  process.execve?.(systemdRun, [systemdRun, ...words], { ...env, [scopeVariable]: "1" });
}

export const isInScope = (env: NodeJS.ProcessEnv): boolean => env[scopeVariable] !== undefined;

/** The folder of a process's group. */
function groupOf(pid: number | "self"): string {
  const line = readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .find((text) => text.startsWith("0::"));
  return path.join(mountPoint, line?.slice("0::".length) ?? "");
}

/** Has this process and the holder of the namespaces be in the leaf of the holder's scope, which may then be divided. */
export function joinLeaf(holder: number): void {
  const group = groupOf(holder);
  // Those that were made without groups stay as they are until they end.
  if (path.basename(group) !== leafName && group !== groupOf("self")) return;
  const leaf = path.basename(group) === leafName ? group : path.join(group, leafName);
  mkdirSync(leaf, { recursive: true });
  for (const pid of [holder, process.pid]) writeFileSync(path.join(leaf, "cgroup.procs"), String(pid));
}
