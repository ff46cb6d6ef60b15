/**
 * DHCP word: telling the DHCP client of a running container that its interface is another one now. Clients that listen to the kernel
 * (systemd-networkd, dhcpcd, NetworkManager) see the old link go and the new one come; busybox's udhcpc sleeps until half of its lease is over.
 */
import type { InstanceHome } from "../home";
import { execOps } from "../inside/exec";
import type { InstanceRecord } from "../record";

/** Has udhcpc of an interface give up its lease and ask for one anew. Only a shell of the guest's own can look at its processes safely. */
const script = `for p in /proc/[0-9]*; do
  [ "$p" = "/proc/$$" ] && continue
  words=$(tr '\\000' ' ' <"$p/cmdline" 2>/dev/null) || continue
  case "$words" in
    udhcpc\\ *" $1 "*|*/udhcpc\\ *" $1 "*|busybox\\ udhcpc\\ *" $1 "*|*/busybox\\ udhcpc\\ *" $1 "*)
      kill -USR2 "\${p#/proc/}" && kill -USR1 "\${p#/proc/}" ;;
  esac
done`;

/**
 * Tells the guest of nics that were made anew under a name that it knew. Returns at once: what becomes of it is the guest's matter, and a guest
 * without a shell has no udhcpc.
 */
export function tellDhcpClients(home: InstanceHome, record: InstanceRecord, innerNames: readonly string[]): void {
  const { cell, isFrozen } = home.book.running.need(record);
  // A command would wait in there for as long as the guest is paused.
  if (isFrozen) return;
  for (const innerName of innerNames) {
    const command = ["/bin/sh", "-c", script, "sh", innerName];
    const ops = execOps(home, record, { command, user: 0, group: 0, cwd: "/", environment: {} });
    home.native
      .exec(cell, [...ops, ["stdin", "null"], ["stdout", "null"], ["stderr", "null"]], "none")
      .then((process) => process.exited)
      .catch((error: unknown) =>
        home.log.debug("Cannot tell a DHCP client of its new nic", { name: record.name, nic: innerName, error }),
      );
  }
}
