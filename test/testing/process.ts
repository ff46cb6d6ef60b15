/** A process with an environment that ends as its argument says. It writes the name of the project once the environment is there. */
import { writeSync } from "node:fs";
import { Environment } from "../../testing";

const [how, ttl] = process.argv.slice(2);

void (async () => {
  const environment = await Environment.up((builder) => builder.container("web", { image: "template:busybox" }), {
    ttl,
  });
  writeSync(1, `${environment.project}\n`);
  if (how === "exit") process.exit(3);
  if (how === "throw") throw new Error("a test has failed outside of all tests");
  // Lives until somebody ends it.
  setInterval(() => undefined, 60_000);
})();
