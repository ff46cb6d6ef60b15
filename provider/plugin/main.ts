/** The plugin's process: pulumi-resource-bothy, which the engine starts and asks by gRPC. Its first line of output is its port. */
import { messageOf } from "../core/engine/failure";
import { outliveSessions } from "../listener";
import { serve } from "./server";

const lookMs = 2000;

/** The engine is this process's parent: the launcher has become it. One that was killed leaves its plugins to another. */
function endWithParent(): void {
  const parent = process.ppid;
  outliveSessions();
  setInterval(() => process.ppid === parent || process.exit(), lookMs).unref();
}

/** The engine gives its address last, after options of its own. */
const engineAddress = process.argv.slice(2).findLast((word) => /^[^-].*:\d+$/.test(word));

endWithParent();
serve(engineAddress).then(
  (port) => process.stdout.write(`${port}\n`),
  (error: unknown) => {
    process.stderr.write(`Cannot start pulumi-resource-bothy: ${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
