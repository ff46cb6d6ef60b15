/** The plugin's process: pulumi-resource-bothy, which the engine starts and asks by gRPC. Its first line of output is its port. */
import { messageOf } from "../core/engine/failure";
import { serve } from "./server";

/** The engine gives its address last, after options of its own. */
const engineAddress = process.argv.slice(2).findLast((word) => /^[^-].*:\d+$/.test(word));

serve(engineAddress).then(
  (port) => process.stdout.write(`${port}\n`),
  (error: unknown) => {
    process.stderr.write(`Cannot start pulumi-resource-bothy: ${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
