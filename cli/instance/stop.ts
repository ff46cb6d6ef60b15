/** stop: asks containers to shut down, or kills them. */
import { type Command, wholeNumber } from "../command";
import { waitFor } from "../wait";

export const stop: Command = {
  words: "<NAME...>",
  options: {
    force: { type: "boolean", help: "Kill the container's processes at once." },
    timeout: { type: "string", value: "SECONDS", help: "How long a clean stop may take before the command fails." },
  },
  run: async ({ words, client, output, flag, value }) => {
    const timeout = wholeNumber("timeout", value("timeout")) ?? -1;
    for (const name of words) {
      await waitFor(output, `Stopping ${name}`, () =>
        client.setInstanceState(name, { action: "stop", force: flag("force"), timeout }),
      );
      output.say(`Stopped ${name}`);
    }
    return 0;
  },
};
