/** Debian 13's incus client: what it says of bothyd is what it says of LXD 5.0.2. */
import { symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { playScript } from "./support/play";
import { incusFolder, skipIncus as skip } from "./support/tools";

test("incus says of bothyd what it says of LXD, step by step", { skip }, () =>
  playScript({
    name: "incus",
    prepare: ({ home }) => symlinkSync(path.join(incusFolder, "incus"), path.join(home, "bin/incus")),
  }),
);
