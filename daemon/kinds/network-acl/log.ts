/** What the rules of an ACL have logged: lines of the kernel's log, in the form that LXD gives such entries. */
import { internal } from "../../../sdk/api/errors";
import { kernelLines, packetOf } from "../../platform/host/kernel-log";
import type { NetworkAclRecord } from "./store";

/** One JSON object a line, oldest first. @throws ApiError INTERNAL where the kernel's log cannot be read */
export function aclLog(acl: NetworkAclRecord): string {
  // What the rules write begins with the network, the ACL, the direction and the rule's place (daemon/kinds/network/acl/lines.ts).
  const prefix = new RegExp(`^[^/ ]+/${acl.name}/(ingress|egress)/(\\d+) IN=`);
  try {
    return kernelLines(prefix)
      .map(({ time, text }) => {
        const [, direction = "", place = ""] = prefix.exec(text) ?? [];
        const rules = direction === "ingress" ? acl.ingress : acl.egress;
        // The rule that stands there now; of one that is gone nobody knows the action.
        return `${JSON.stringify({ time: time.toISOString(), ...packetOf(text), action: rules[Number(place)]?.action ?? "" })}\n`;
      })
      .join("");
  } catch (error) {
    throw internal(
      `Cannot read the log of network ACL "${acl.name}": the kernel's log cannot be read (${(error as Error).message}). Look at dmesg as root.`,
      { cause: error },
    );
  }
}
