/** remote list: the servers that are known under a name. */
import { listRemotes, type Remote } from "../../sdk/index";
import { type Command, formatOption } from "../command";
import type { Column } from "../output";

const columns: readonly Column<Remote>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "URL", cell: ({ url }) => url },
  { title: "PROTOCOL", cell: ({ protocol }) => protocol },
  { title: "FINGERPRINT", cell: ({ fingerprint }) => fingerprint ?? "trusted by this system" },
];

export const list: Command = {
  words: "",
  withoutDaemon: true,
  options: formatOption,
  run: async ({ output }) => {
    const remotes = listRemotes();
    if (remotes.length > 0 || output.format === "json") output.list(remotes, columns);
    else output.say('There are no remotes. Add one with "bothy remote add NAME https://host:8443".');
    return 0;
  },
};
