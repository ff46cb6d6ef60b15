/** Scene of an environment: a database with a volume, an application that asks it, and a container that tests are run in. */
import type { Builder } from "../../testing";

const script = (content: string) => ({ mode: "0755", content: `#!/bin/sh\n${content}\n` });

/** All of the host's static busybox. */
export async function threeContainers(builder: Builder) {
  const image = "template:busybox";
  const data = await builder.volume("data");
  const [db, app, tester] = await Promise.all([
    builder.container("db", {
      image,
      volumes: { "/srv": data },
      files: { "/etc/rc.local": script("[ -e /srv/rows ] || echo first >/srv/rows; httpd -h /srv") },
      wait: { command: ["wget", "-qO-", "http://127.0.0.1/rows"] },
    }),
    builder.container("app", {
      image,
      files: {
        "/var/www/cgi-bin/rows": script("echo; wget -qO- http://db/rows"),
        "/etc/rc.local": script("httpd -h /var/www"),
      },
      wait: { command: ["wget", "-qO-", "http://db/rows"] },
    }),
    builder.container("tester", { image, wait: { command: ["wget", "-qO-", "http://app/cgi-bin/rows"] } }),
  ]);
  return { db, app, tester };
}
