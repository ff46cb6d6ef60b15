/** Commands: what there is, by name. A command's own code is loaded when it is called. */
import type { Command } from "./command";

/** A command. */
export interface Verb {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** What commands stand below: a noun, or bothy itself. */
export interface Group {
  readonly summary?: string;
  readonly commands: readonly Entry[];
}

export type Noun = Group & { readonly name: string; readonly summary: string };
export type Entry = Verb | Noun;

const all: readonly Entry[] = [
  {
    name: "init",
    summary: "Write a first Pulumi program into a folder.",
    load: async () => (await import("./init/command")).init,
  },
  {
    name: "launch",
    summary: "Make a container from an image and start it.",
    load: async () => (await import("./instance/launch")).launch,
  },
  {
    name: "list",
    summary: "List containers with their state and addresses.",
    load: async () => (await import("./instance/list")).list,
  },
  { name: "info", summary: "Show one container.", load: async () => (await import("./instance/info")).info },
  { name: "exec", summary: "Run a command in a container.", load: async () => (await import("./exec")).exec },
  { name: "start", summary: "Start containers.", load: async () => (await import("./instance/start")).start },
  { name: "stop", summary: "Stop containers.", load: async () => (await import("./instance/stop")).stop },
  {
    name: "delete",
    summary: "Delete containers with their snapshots.",
    load: async () => (await import("./instance/delete")).deleteInstance,
  },
  {
    name: "remote",
    summary: "Keep servers elsewhere under a name.",
    commands: [
      {
        name: "add",
        summary: "Make a server and this client trust each other.",
        load: async () => (await import("./remote/add")).add,
      },
      { name: "list", summary: "List the servers.", load: async () => (await import("./remote/list")).list },
      { name: "remove", summary: "Forget servers.", load: async () => (await import("./remote/remove")).remove },
    ],
  },
  {
    name: "daemon",
    summary: "Run the daemon in the foreground, or install it as a service.",
    load: async () => (await import("./daemon")).daemon,
  },
  {
    name: "import-compose",
    summary: "Print a Pulumi program for a compose file.",
    load: async () => (await import("./compose/command")).importCompose,
  },
  {
    name: "doctor",
    summary: "Say what this host can do for containers, and how to mend what it lacks.",
    load: async () => (await import("./doctor/command")).doctor,
  },
];

export const bothy: Group = { commands: all };

export interface Found {
  /** The names that were found, such as "image list"; "" for none. */
  readonly path: string;
  readonly entry: Verb | Group;
  /** The words after them. */
  readonly rest: readonly string[];
}

/** Follows the words from noun to noun to a command, as far as they lead. */
export function findCommand(from: Group, args: readonly string[]): Found {
  const names: string[] = [];
  let entry: Verb | Group = from;
  for (const word of args) {
    const next: Entry | undefined = "commands" in entry ? entry.commands.find(({ name }) => name === word) : undefined;
    if (next === undefined) break;
    names.push(word);
    entry = next;
  }
  return { path: names.join(" "), entry, rest: args.slice(names.length) };
}
