/** Help: what the command line says about itself. */
import { type Command, commonOptions, type OptionTable } from "./command";

/** The text of "bothy --help". */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Usage: bothy COMMAND [OPTION...] [ARGUMENT...]",
    "",
    "Machine containers on this host.",
    "",
    "First steps:",
    "  bothy launch template:busybox box   a container at once; it starts the daemon",
    "  bothy exec box -- sh                a shell in it",
    "  bothy init                          a Pulumi program for this folder",
    "  bothy doctor                        what this host can do, and how to mend what it cannot",
    "",
    "Commands:",
    ...lines,
    "",
    'Options: --version, --help. "bothy COMMAND --help" tells more about a command.',
  ].join("\n");
}

/** The text of "bothy COMMAND --help". */
export function commandHelp(command: Command): string {
  const rows = optionRows({ ...command.options, ...commonOptions });
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `Usage: bothy ${command.name} [OPTION...] ${command.words}`.trimEnd(),
    "",
    command.summary,
    "",
    "Options:",
    ...rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`),
    ...(command.details === undefined ? [] : ["", command.details]),
  ].join("\n");
}

const optionRows = (options: OptionTable): [string, string][] =>
  Object.entries(options).map(([name, { short, value, optional, help, multiple }]) => [
    `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : optional ? ` [${value}]` : ` ${value}`}`,
    multiple === true ? `${help} May be repeated.` : help,
  ]);
