// What the suite runs in: a database with a volume, an application that asks it, and a container in
// which commands of tests run. All three are the host's busybox here, to be there in no time and
// without a registry; "docker:postgres:17" and an image of your own take their places.
import type { Builder } from "bothy/testing";

const image = "template:busybox";

const script = (content: string) => ({ mode: "0755", content: `#!/bin/sh\n${content}\n` });

const cgi = (content: string) => script(`printf 'Content-Type: text/plain\\r\\n\\r\\n'\n${content}`);

export async function shop(builder: Builder) {
  const data = await builder.volume("orders");
  const [db, app, tester] = await Promise.all([
    builder.container("db", {
      image,
      volumes: { "/srv": data },
      files: {
        "/var/www/cgi-bin/orders": cgi('[ "$REQUEST_METHOD" = POST ] && cat >>/srv/orders; cat /srv/orders'),
        "/etc/rc.local": script("touch /srv/orders; httpd -h /var/www"),
      },
      wait: { command: ["wget", "-qO-", "http://127.0.0.1/cgi-bin/orders"] },
    }),
    builder.container("app", {
      image,
      files: {
        "/var/www/cgi-bin/count": cgi("wget -qO- http://db/cgi-bin/orders | wc -l"),
        "/etc/rc.local": script("httpd -h /var/www"),
      },
      wait: { command: ["wget", "-qO-", "http://db/cgi-bin/orders"] },
    }),
    builder.container("tester", { image, wait: { command: ["wget", "-qO-", "http://app/cgi-bin/count"] } }),
  ]);
  return { db, app, tester };
}
