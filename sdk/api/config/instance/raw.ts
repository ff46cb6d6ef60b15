/** Keys in the words of other programs. */
import { idMap } from "../id-map";
import { rawSeccomp } from "../raw-seccomp";
import { grouped } from "../table";
import { anyText } from "../values";

const since = "0.1.0";

export const rawKeys = grouped("raw", {
  "raw.apparmor": {
    type: anyText,
    secret: true,
    applies: "next start",
    since,
    example: "deny /srv/** w,",
    doc: "Rules for the end of the container's AppArmor profile, as apparmor.d(5) has them. What the profile denies stays denied. Nothing comes of them where the kernel has no AppArmor.",
  },
  "raw.idmap": {
    type: idMap,
    unset: "no ids of the host",
    applies: "next start",
    since,
    extension: "id_map",
    example: "both 1000 1000",
    doc: "Ids of the host that the container has as its own, a line each: `both`, `uid` or `gid`, an id or range of the host, and one of the container. Files of the host that belong to them belong to the container's users.",
  },
  "raw.lxc": {
    type: anyText,
    secret: true,
    applies: "next start",
    since,
    example: "lxc.signal.halt = SIGTERM",
    doc: "Lines of LXC configuration. `lxc.signal.halt`, `lxc.signal.stop`, `lxc.signal.reboot` and `lxc.init.cmd` are read; with `lxc.no_new_privs = 1` no program inside gains rights by a setuid bit or by capabilities of its file; `lxc.hook.clone` and `lxc.hook.destroy` mean nothing, as in LXD, `lxc.apparmor.profile=unconfined` starts the container without a profile of AppArmor, and `lxc.selinux.context` gives it another label of SELinux than that of Bothy's policy, or with `unconfined_t` none.",
  },
  "raw.seccomp": {
    type: rawSeccomp,
    secret: true,
    unset: "the filter of all containers, and `security.syscalls.*`",
    applies: "next start",
    since,
    extension: "container_syscall_filtering",
    example: "2\ndenylist\nmknod errno 0",
    doc: "A whole policy of system calls in LXC's form, version 1 or 2, in the place of the filter of all containers and of `security.syscalls.*`: what it does not deny reaches the host's kernel.",
  },
});
