/** Command: the table form of a verb, and the words of one call of it, which commander reads. */
import { CommanderError, Option, Command as Parser } from "commander";
import type { Client } from "../sdk/index";
import type { Output } from "./output";

export interface OptionRow {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What the value is, for the help: "SECONDS". */
  readonly value?: string;
  /** Whether the value may be left out; it then is "". */
  readonly optional?: boolean;
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

export interface Command {
  /** The words after the name, as commander reads them: "<NAME>" is needed, "[NAME]" may be left out, dots allow more of it. */
  readonly words: string;
  /** What must follow the words, belongs to somebody else and is not read as options: "COMMAND [ARGUMENT...]". */
  readonly rest?: string;
  readonly options: OptionTable;
  /** More for the help: rules and examples. */
  readonly details?: string;
  /** Whether it works without a daemon; else the local one is started when nobody listens. */
  readonly withoutDaemon?: boolean;
  /** Exit code when the command itself fails; 1 when absent. */
  readonly failureCode?: number;
  /** @returns the exit code; 0 when nothing is returned */
  readonly run: (call: Call) => Promise<number | undefined>;
}

export interface Call {
  readonly words: readonly string[];
  /** What comes after the words, not read as options. */
  readonly rest: readonly string[];
  readonly flag: (name: string) => boolean;
  readonly value: (name: string) => string | undefined;
  readonly values: (name: string) => string[];
  readonly output: Output;
  readonly client: Client;
}

export type Parsed = Omit<Call, "output" | "client">;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

export const commonOptions: OptionTable = {
  endpoint: {
    type: "string",
    value: "ADDRESS",
    help: "Where the daemon listens: unix:///path/to/unix.socket, https://host:8443 or remote:NAME. Default: BOTHY_ENDPOINT, else the local daemon.",
  },
  help: { type: "boolean", short: "h", help: "Show this help." },
};

export const formatOption: OptionTable = {
  format: { type: "string", short: "f", value: "table|json", help: "Table for people (default), json for scripts." },
};

/** The parser of a command, which tells each option that it meets. */
export function parserOf(command: Command, onOption: (name: string, value: string | null | undefined) => void): Parser {
  const parser = new Parser().helpOption(false).showSuggestionAfterError(false);
  parser.exitOverride().configureOutput({ outputError: () => undefined });
  for (const word of wordsOf(command)) parser.argument(word);
  if (command.rest !== undefined) parser.passThroughOptions().argument("[REST...]");
  for (const [name, row] of Object.entries({ ...command.options, ...commonOptions })) {
    const option = new Option(flagsOf(name, row), row.multiple === true ? `${row.help} May be repeated.` : row.help);
    // "--no-tty" is an option like others here.
    option.negate = false;
    parser.addOption(option).on(`option:${name}`, (value) => onOption(name, value));
  }
  return parser;
}

const wordsOf = ({ words }: Command): string[] => words.split(" ").filter((word) => word !== "");

function flagsOf(name: string, { type, short, value = "VALUE", optional }: OptionRow): string {
  const long = type === "boolean" ? `--${name}` : optional ? `--${name} [${value}]` : `--${name} <${value}>`;
  return short === undefined ? long : `-${short}, ${long}`;
}

/** Reads the words of a call. @throws UsageError that names the option or the word that is wrong or missing */
export function parseCall(command: Command, args: readonly string[]): Parsed {
  const options = { ...command.options, ...commonOptions };
  const given = new Map<string, string[]>();
  const parser = parserOf(command, (name, value) => {
    const isWord = value != null && value.length > 1 && value.startsWith("-") && args.includes(value);
    if (isWord) throw new UsageError(`Option "--${name}" needs a value.`);
    given.set(name, [...(given.get(name) ?? []), value ?? ""]);
  });
  const count = command.rest === undefined ? Number.POSITIVE_INFINITY : wordsOf(command).length;
  let rest: string[] = [];
  try {
    parser.parse(args, { from: "user" });
    // Options of ours may stand between the words and what is somebody else's.
    const { operands, unknown } = parser.parseOptions(parser.args.slice(count));
    if (unknown[0] !== undefined) throw new UsageError(`Unknown option "${unknown[0]}".`);
    rest = operands;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isMissing = error.code === "commander.missingArgument";
    if (!isMissing || !given.has("help")) throw new UsageError(problemOf(error, parser, options));
  }
  if (command.rest !== undefined && rest.length === 0 && !given.has("help"))
    throw new UsageError(`Missing argument: ${command.rest.split(" ")[0]}.`);
  const values = (name: string): string[] => given.get(name) ?? [];
  return {
    words: parser.args.slice(0, count),
    rest,
    flag: (name) => given.has(name),
    value: (name) => values(name).at(-1),
    values,
  };
}

/** Says in our words what commander found. */
function problemOf({ code, message }: CommanderError, parser: Parser, options: OptionTable): string {
  const told = /'([^']+)'/.exec(message)?.[1] ?? "";
  switch (code) {
    case "commander.unknownOption": {
      const [name = ""] = told.split("=");
      const isKnown = name.startsWith("--") && options[name.slice(2)] !== undefined;
      return isKnown ? `Option "${name}" takes no value.` : `Unknown option "${name}".`;
    }
    case "commander.optionMissingArgument":
      return `Option "${/--[a-z-]+/.exec(told)?.[0] ?? told}" needs a value.`;
    case "commander.missingArgument":
      return `Missing argument: ${told}.`;
    case "commander.excessArguments":
      return `Unexpected argument "${parser.args[parser.registeredArguments.length]}".`;
    default:
      return message;
  }
}

/** Splits KEY=VALUE. @throws UsageError that names the option */
export function keyValue(option: string, text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`Option "--${option}" needs KEY=VALUE, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Reads a whole number of 0 or more. @throws UsageError that names the option */
export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`Option "--${option}" needs a whole number, not "${text}".`);
  return Number(text);
}
