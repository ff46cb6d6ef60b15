/** remote list: the servers that are known under a name: to work with, and those of images. */
import { listImageServers, listRemotes } from "../../sdk/index";
import { type Command, formatOption } from "../command";
import type { Column } from "../output";

interface Row {
  readonly name: string;
  readonly url: string;
  readonly protocol: string;
  readonly fingerprint?: string;
}

const columns: readonly Column<Row>[] = [
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
    output.list<Row>([...listRemotes(), ...listImageServers()], columns);
    return 0;
  },
};
