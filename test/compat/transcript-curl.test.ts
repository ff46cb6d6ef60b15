/** Each route as curl asks it, over the socket and over TLS: bothyd's answers are those of LXD 5.0.2. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../sdk/host/package";
import { presentAnswer } from "./support/http-text";
import { writeIdentities } from "./support/peer";
import { playScript } from "./support/play";

test("curl is answered by bothyd as by LXD, request by request", () =>
  playScript({
    name: "curl",
    prepare: (peer) => writeIdentities(peer, 2),
    prelude: readFileSync(path.join(packageRoot, "test/compat/scripts/curl.sh"), "utf8"),
    present: presentAnswer,
  }));
