/** LXC as a peer: Debian's tools, with the settings that its packages have for unprivileged containers. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Native } from "../../daemon/platform/native/index";
import type { Roots, Runtime } from "../beside/runtime";
import { parentOf } from "../memory";

export const lxcProgram = "/usr/bin/lxc-start";

/** @param dir a new folder @param native where its tools run */
export function byLxc(native: Native, { shifted, base }: Roots, dir: string): Runtime {
  const name = "beside";
  const folder = path.join(dir, name);
  mkdirSync(folder, { recursive: true });
  // Its root comes this way.
  chmodSync(dir, 0o711);
  chmodSync(folder, 0o711);
  writeFileSync(
    path.join(folder, "config"),
    `lxc.include = /usr/share/lxc/config/common.conf
lxc.include = /usr/share/lxc/config/userns.conf
lxc.arch = linux64
lxc.idmap = u 0 ${base} 65536
lxc.idmap = g 0 ${base} 65536
lxc.net.0.type = empty
lxc.rootfs.path = dir:${shifted}
lxc.uts.name = ${name}
lxc.init.cmd = /sbin/init
`,
  );
  const lxc = (tool: string, ...args: string[]) => native.run([tool, "-P", dir, "-n", name, ...args]);
  return {
    name: "lxc/dir",
    start: () => lxc("lxc-start"),
    exec: () => lxc("lxc-attach", "--", "/bin/true"),
    stop: () => lxc("lxc-stop", "-k"),
    watcher: async () =>
      parentOf(Number(execFileSync("lxc-info", ["-P", dir, "-n", name, "-p", "-H"], { encoding: "utf8" }).trim())),
  };
}
