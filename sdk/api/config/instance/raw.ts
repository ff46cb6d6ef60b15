/** Keys in the words of other programs. */
import { grouped } from "../table";
import { anyText } from "../values";

const since = "0.1.0";

export const rawKeys = grouped("raw", {
  "raw.lxc": {
    type: anyText,
    secret: true,
    applies: "next start",
    since,
    example: "lxc.signal.halt = SIGTERM",
    doc: "Lines of LXC configuration. `lxc.signal.halt`, `lxc.signal.stop`, `lxc.signal.reboot` and `lxc.init.cmd` are read.",
  },
});
