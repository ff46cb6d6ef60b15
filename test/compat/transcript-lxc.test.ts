/** Each command of the distribution's lxc, with its flags: what it says of bothyd is what it says of LXD 5.0.2. */
import { test } from "node:test";
import { skip } from "../support/lxc";
import { playScript } from "./support/play";

test("lxc says of bothyd what it says of LXD, step by step", { skip }, () => playScript({ name: "lxc" }));
