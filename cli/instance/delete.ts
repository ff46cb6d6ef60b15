/** delete: removes containers with their snapshots. */
import { instanceConfig } from "../../sdk/api/config/instance";
import { ApiError, type Client, type Instance } from "../../sdk/index";
import type { Command } from "../command";
import type { Output } from "../output";
import { waitFor } from "../wait";

export const deleteInstance: Command = {
  words: "<NAME...>",
  options: { force: { type: "boolean", help: "Stop a running container first, at once." } },
  run: async ({ words, client, output, flag }) => {
    const names = [...new Set(words)];
    // What speaks against one of them is said before any is stopped or deleted.
    const found = await Promise.all(names.map(async (name) => (await client.getInstance(name)).value));
    for (const instance of found) requireDeletable(instance, flag("force"));
    for (const instance of found) {
      await remove(client, output, instance);
      output.say(`Deleted ${instance.name}`);
    }
    return 0;
  },
};

const isActive = ({ status }: Instance): boolean => status !== "Stopped" && status !== "Error";

function requireDeletable(instance: Instance, force: boolean): void {
  const refuse = (cause: string) =>
    new ApiError("BAD_REQUEST", `Cannot delete container "${instance.name}": ${cause}.`);
  if (isActive(instance) && !force)
    throw refuse(`it is ${instance.status.toLowerCase()}. Stop it first, or use --force`);
  if (instanceConfig(instance.expanded_config).get("security.protection.delete"))
    throw refuse(
      "Container is protected from being deleted. Unset security.protection.delete first, of it or of its profile",
    );
}

async function remove(client: Client, output: Output, instance: Instance): Promise<void> {
  const { name } = instance;
  if (isActive(instance)) {
    await waitFor(output, `Stopping ${name}`, () => client.setInstanceState(name, { action: "stop", force: true }));
    // An ephemeral container is gone once it has stopped.
    if (instance.ephemeral) return;
  }
  await waitFor(output, `Deleting ${name}`, () => client.deleteInstance(name));
}
