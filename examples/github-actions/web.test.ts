// A suite with a container of its own, which is gone when the suite is, also when the job is killed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Container, Environment } from "bothy/testing";

let env: Environment<Container>;

before(async () => {
  env = await Environment.up(
    (builder) =>
      builder.container("web", {
        image: "template:busybox",
        files: {
          "/etc/rc.local": { mode: "0755", content: "#!/bin/sh\nhttpd -h /var/www\n" },
          "/var/www/index.html": { content: "Hello.\n" },
        },
        wait: { command: ["wget", "-qO-", "http://127.0.0.1/"] },
      }),
    { ttl: "10m" },
  );
});

after(() => env?.[Symbol.asyncDispose]());

test("the server answers", async () => {
  assert.equal(await env.result.run(["wget", "-qO-", "http://127.0.0.1/"]), "Hello.\n");
});
