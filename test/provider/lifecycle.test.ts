import path from "node:path";
import { test } from "node:test";
import { withDaemon } from "../support/daemon";
import { hostLifecycles } from "./support/host-lifecycles";
import { lacksContainers } from "./support/lacks";
import { throughBothDoors } from "./support/lifecycle";
import { networkLifecycles } from "./support/network-lifecycles";
import { serverLifecycles } from "./support/server-lifecycles";

test("the kinds live on a real daemon, through both doors", { skip: lacksContainers() }, (t) =>
  withDaemon({ bare: false }, (daemon) =>
    throughBothDoors(t, daemon.client, daemon.socket, [
      // A zone of a part of a /24 has a slash in its name (RFC 2317).
      ...networkLifecycles("0/25.2.0.192.in-addr.arpa"),
      ...serverLifecycles("127.0.0.1:8443"),
      ...hostLifecycles({ folder: path.dirname(daemon.dir), image: "template:busybox", pool: "default" }),
    ]),
  ),
);
