/** start: starts stopped containers. */
import type { Command } from "../command";
import { waitFor } from "../wait";

export const start: Command = {
  words: "<NAME...>",
  options: {},
  run: async ({ words, client, output }) => {
    for (const name of words) {
      await waitFor(output, `Starting ${name}`, () => client.setInstanceState(name, { action: "start" }));
      output.say(`Started ${name}`);
    }
    return 0;
  },
};
