/** What is left of the distribution's lxc: flags that lxc.steps does not play. What it says of bothyd is what it says of LXD 5.0.2. */
import { test } from "node:test";
import { skip } from "../support/lxc";
import { writeIdentities } from "./support/peer";
import { playScript } from "./support/play";

test("lxc says of bothyd what it says of LXD, flag by flag", { skip }, () =>
  playScript({ name: "lxc-flags", prepare: (peer) => writeIdentities(peer, 2) }),
);
