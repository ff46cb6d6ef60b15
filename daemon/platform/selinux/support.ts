/** Support: whether this host's SELinux knows the containers of Bothy, and why not (docs/labels.md). */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import path from "node:path";
import { containerFileType, hasSELinux, knowsContext, policyModule, selinuxFolder } from "../../../sdk/host/selinux";
import { isInUserNamespace } from "../../../sdk/host/user-namespace";
import { readTextNow } from "../folders/files";
import { type Context, contextText, parseContext, processContext } from "./context";

/** Types of the policy (selinux/bothy.cil). */
export const selinuxTypes = {
  /** Of processes. */
  container: "bothy_container_t",
  privileged: "bothy_privileged_t",
  files: containerFileType,
  devices: "bothy_container_device_t",
  terminals: "bothy_container_tty_t",
} as const;

export type SELinuxSupport =
  | { readonly works: true; readonly daemon: Context }
  /** Whether the kernel has it, and only the policy lacks what Bothy needs. */
  | { readonly works: false; readonly isOn: boolean; readonly why: string };

/** @param root of the host's file system; "/" but in tests */
export function selinuxSupport(root = "/"): SELinuxSupport {
  const at = (name: string) => path.join(root, selinuxFolder, name);
  const lacking = (why: string, isOn = true) => ({ works: false, isOn, why }) as const;
  if (isInUserNamespace()) return lacking("this daemon is in a user namespace, and may give no labels", false);
  if (!hasSELinux(root)) return lacking("this kernel has none, or it is off", false);
  const own = readTextNow(path.join(root, "/proc/self/attr/current"))?.replaceAll("\0", "").trim();
  const daemon = parseContext(own ?? "");
  if (daemon === undefined) return lacking("this daemon has no label of its own");
  for (const type of [selinuxTypes.container, selinuxTypes.privileged]) {
    const wanted = processContext(daemon, type, [0, 1]);
    if (!knowsContext(wanted, root))
      return lacking(
        `the policy knows no label "${wanted}". Load what Bothy adds to it, and restart the daemon: semodule --install ${policyModule}`,
      );
    for (const permission of ["transition", "dyntransition"])
      if (!isAllowed(at, contextText(daemon), wanted, permission))
        return lacking(
          `the policy does not let a daemon with the label "${contextText(daemon)}" start them (${permission} to ${type}). Run it as a service: bothy daemon --install`,
        );
  }
  return { works: true, daemon };
}

/** Asks the kernel what the policy says: first in its answer is a number with one bit for each permission of the class. */
function isAllowed(at: (name: string) => string, source: string, target: string, permission: string): boolean {
  const number = (name: string) => readTextNow(at(path.join("class/process", name)))?.trim();
  const fd = openSync(at("access"), "r+");
  try {
    writeSync(fd, `${source} ${target} ${number("index")}`);
    const answer = Buffer.alloc(256);
    const allowed = answer.toString("utf8", 0, readSync(fd, answer, 0, answer.length, 0)).split(" ")[0] ?? "";
    const bit = BigInt(number(`perms/${permission}`) ?? 0) - 1n;
    return ((BigInt(`0x${allowed}`) >> bit) & 1n) === 1n;
  } finally {
    closeSync(fd);
  }
}
