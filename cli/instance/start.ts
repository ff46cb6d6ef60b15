/** start: starts stopped containers. */
import type { Command } from "../command";
import { waitFor } from "../wait";

export const start: Command = {
  name: "start",
  summary: "Start containers.",
  words: "NAME [NAME...]",
  minWords: 1,
  maxWords: Number.POSITIVE_INFINITY,
  options: {},
  run: async ({ words, client, output }) => {
    for (const name of words) {
      await waitFor(output, `Starting ${name}`, () => client.setInstanceState(name, { action: "start" }));
      output.say(`Started ${name}`);
    }
    return 0;
  },
};
