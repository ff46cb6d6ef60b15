/** remote remove: forgets servers. */
import { removeRemote } from "../../sdk/index";
import type { Command } from "../command";

export const remove: Command = {
  words: "<NAME...>",
  withoutDaemon: true,
  options: {},
  details: "The server goes on trusting this client until its certificate is taken away there.",
  run: async ({ words, output }) => {
    for (const name of words) {
      removeRemote(name);
      output.say(`Removed ${name}`);
    }
    return 0;
  },
};
