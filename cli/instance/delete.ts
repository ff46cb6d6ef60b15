/** delete: removes containers with their snapshots. */
import { ApiError, type Client } from "../../sdk/index";
import type { Command } from "../command";
import type { Output } from "../output";
import { waitFor } from "../wait";

export const deleteInstance: Command = {
  name: "delete",
  summary: "Delete containers with their snapshots.",
  words: "NAME [NAME...]",
  minWords: 1,
  maxWords: Number.POSITIVE_INFINITY,
  options: { force: { type: "boolean", help: "Stop a running container first, at once." } },
  run: async ({ words, client, output, flag }) => {
    for (const name of words) {
      const { value } = await client.getInstance(name);
      const isActive = value.status !== "Stopped" && value.status !== "Error";
      if (isActive && !flag("force"))
        throw new ApiError(
          "BAD_REQUEST",
          `Cannot delete container "${name}": it is ${value.status.toLowerCase()}. Stop it first, or use --force.`,
        );
      if (isActive) await kill(client, output, name);
      // An ephemeral container is gone once it has stopped.
      if (!(isActive && value.ephemeral)) await waitFor(output, `Deleting ${name}`, () => client.deleteInstance(name));
      output.say(`Deleted ${name}`);
    }
    return 0;
  },
};

const kill = (client: Client, output: Output, name: string) =>
  waitFor(output, `Stopping ${name}`, () => client.setInstanceState(name, { action: "stop", force: true }));
