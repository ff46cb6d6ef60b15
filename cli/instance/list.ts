/** list: the instances and how they are. */
import type { InstanceFull } from "../../sdk/index";
import { type Command, formatOption } from "../command";
import type { Colour, Column } from "../output";
import { listStacks } from "../stacks";
import { addressesOf } from "./address";

const statusColours: Readonly<Record<string, Colour>> = { Running: "green", Stopped: "grey", Error: "red" };

const columns: readonly Column<InstanceFull>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "STATUS", cell: ({ status }) => status, colour: ({ status }) => statusColours[status] ?? "yellow" },
  { title: "IPV4", cell: ({ state }) => addressesOf(state, "inet").join(", ") || "-" },
  { title: "PROFILES", cell: ({ profiles }) => profiles?.join(", ") || "-" },
  { title: "SNAPSHOTS", cell: ({ snapshots }) => String(snapshots?.length ?? 0) },
  { title: "IMAGE", cell: ({ config }) => config["image.description"] ?? "-" },
];

export const list: Command = {
  words: "[NAME...]",
  options: {
    stack: {
      type: "string",
      value: "NAME",
      optional: true,
      help: "What Pulumi stacks made, of every kind; with a name, that stack only, also as PROJECT/STACK.",
    },
    ...formatOption,
  },
  details: "With names, only those that begin with one of them are listed.",
  run: async ({ words, client, output, value }) => {
    const stack = value("stack");
    if (stack !== undefined) return listStacks(client, output, stack, words);
    const all = await client.listInstancesFull();
    const wanted = all.filter(({ name }) => words.length === 0 || words.some((word) => name.startsWith(word)));
    if (wanted.length === 0) {
      if (output.format === "json") output.json([]);
      else output.say('There are no containers. Make one with "bothy launch template:busybox web".');
    } else output.list(wanted, columns);
    return 0;
  },
};
