/** Help: what the command line says about itself, laid out by commander. */
import { type Option, Command as Parser } from "commander";
import { type Command, parserOf } from "./command";
import type { Group, Verb } from "./commands";

const firstSteps = `Machine containers on this host.

First steps:
  bothy launch template:busybox box   a container at once; it starts the daemon
  bothy exec box -- sh                a shell in it
  bothy init                          a Pulumi program for this folder
  bothy doctor                        what this host can do, and how to mend what it cannot`;

const waysBelow = "Add --help to a command to learn more about it.";
const ways = 'Options: --version, --help. "bothy COMMAND --help" tells more about a command.';

/** The text of "bothy --help", or of that of a noun. @param path the noun's names, "" for bothy itself */
export function overview({ commands, summary = firstSteps }: Group, path: string): string {
  const parser = new Parser(`bothy ${path}`.trimEnd()).helpOption(false).helpCommand(false).description(summary);
  parser.usage("COMMAND [OPTION...] [ARGUMENT...]").configureHelp({ subcommandTerm: (command) => command.name() });
  for (const entry of commands) parser.command(entry.name).description(entry.summary);
  return `${parser.helpInformation().trimEnd()}\n\n${path === "" ? ways : waysBelow}`;
}

/** The text of "bothy COMMAND --help". @param path the command's names, such as "image list" */
export function commandHelp({ summary }: Verb, path: string, command: Command): string {
  const parser = parserOf(command, () => undefined)
    .name(`bothy ${path}`)
    .description(summary);
  parser.usage(
    ["[OPTION...]", shown(command.words), command.rest === undefined ? "" : `[--] ${command.rest}`].join(" ").trimEnd(),
  );
  const text = parser
    .configureHelp({ optionTerm: termOf, visibleArguments: () => [] })
    .helpInformation()
    .trimEnd();
  return command.details === undefined ? text : `${text}\n\n${command.details}`;
}

/** "<NAME...>" as people read it: "NAME [NAME...]". */
const shown = (words: string): string => words.replace(/<(\w+)\.\.\.>/g, "$1 [$1...]").replace(/<(\w+)>/g, "$1");

const termOf = ({ short, long, flags }: Option): string => {
  const value = / ([<[].*)$/.exec(flags)?.[1] ?? "";
  return `${short === undefined ? "    " : `${short}, `}${long} ${value.replace(/[<>]/g, "")}`.trimEnd();
};
