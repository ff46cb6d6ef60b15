/** SELinux: whether this host has it, and whether its policy knows containers of Bothy (docs/labels.md, SELinux). */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./package";

/** Where the kernel answers for its policy. */
export const selinuxFolder = "/sys/fs/selinux";

/** What Bothy adds to the policy of a host, as this package has it. */
export const policyModule = path.join(packageRoot, "selinux", "bothy.cil");

/** The type of files of containers, by which the module is known. */
export const containerFileType = "bothy_container_file_t";

export const hasSELinux = (root = "/"): boolean => existsSync(path.join(root, selinuxFolder, "enforce"));

/** Whether the policy in force knows a label. @param root of the host's file system; "/" but in tests */
export function knowsContext(context: string, root = "/"): boolean {
  try {
    const fd = openSync(path.join(root, selinuxFolder, "context"), "r+");
    try {
      writeSync(fd, context);
      return true;
    } finally {
      closeSync(fd);
    }
  } catch {
    // EINVAL for one that it does not know, EACCES for who may not ask.
    return false;
  }
}

export type PolicyState = "absent" | "known" | "unknown";

export function policyState(): PolicyState {
  if (!hasSELinux()) return "absent";
  return knowsContext(`system_u:object_r:${containerFileType}:s0`) ? "known" : "unknown";
}
