/** Support: whether this host can confine containers by AppArmor, and why not (docs/labels.md). */
import { existsSync } from "node:fs";
import path from "node:path";
import { findProgram } from "../../../sdk/host/program";
import { isInUserNamespace } from "../../../sdk/host/user-namespace";
import { readTextNow } from "../folders/files";

/** Where the kernel shows profiles and takes them. */
export const policyFolder = "/sys/kernel/security/apparmor";
export const parserProgram = "apparmor_parser";

export type AppArmorSupport = { readonly works: true } | { readonly works: false; readonly why: string };

/** @param root of the host's file system; "/" but in tests @param searchPath folders of programs */
export function appArmorSupport(root = "/", searchPath = process.env.PATH ?? ""): AppArmorSupport {
  const read = (file: string) => readTextNow(path.join(root, file))?.trim();
  const lacking = (why: string) => ({ works: false, why }) as const;
  if (isInUserNamespace()) return lacking("this daemon is in a user namespace, and may load none");
  if (read("/sys/module/apparmor/parameters/enabled") !== "Y")
    return lacking(
      existsSync(path.join(root, "/sys/fs/selinux/enforce"))
        ? "SELinux is on instead"
        : "this kernel has none, or it is off",
    );
  if (!existsSync(path.join(root, policyFolder, ".replace")))
    return lacking("securityfs is not mounted at /sys/kernel/security");
  const own = read("/proc/self/attr/apparmor/current");
  if (own !== undefined && own !== "unconfined")
    return lacking(`this daemon is confined itself, by the profile ${own}, and may load none`);
  if (findProgram(parserProgram, searchPath) === undefined)
    return lacking(`the program ${parserProgram} is not installed (package apparmor)`);
  if (read(path.join(policyFolder, "features/domain/stack")) !== "yes")
    return lacking("this kernel's cannot have a process below several profiles at once");
  return { works: true };
}
