/** Every manager of pylxd, over the unix socket and over HTTPS: what it gives with bothyd is what it gives with LXD 5.0.2. */
import { test } from "node:test";
import { writeIdentities } from "./support/peer";
import { playPython } from "./support/play";
import { python, skipPylxd as skip } from "./support/tools";

test("pylxd gives with bothyd what it gives with LXD, step by step", { skip }, () =>
  playPython({ name: "pylxd", prepare: (peer) => writeIdentities(peer, 3), env: { PYTHONWARNINGS: "ignore" } }, python),
);
