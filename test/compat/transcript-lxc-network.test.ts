/** Parts of networks, by the distribution's lxc. What it says of bothyd is what it says of LXD 5.0.2. */
import { test } from "node:test";
import { skip } from "../support/lxc";
import { playScript } from "./support/play";

test("lxc says of bothyd's network zones and forwards what it says of LXD's", { skip }, () =>
  playScript({ name: "lxc-network" }),
);
