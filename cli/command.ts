/** Command: the table form of a verb, and the words of one call of it. */
import { parseArgs } from "node:util";
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
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The words after the name: "NAME [NAME...]". */
  readonly words: string;
  readonly minWords: number;
  readonly maxWords: number;
  readonly options: OptionTable;
  /** After this many words everything belongs to somebody else and is not read as an option. */
  readonly verbatimAfter?: number;
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
    help: "Where the daemon listens: unix:///path/to/unix.socket. Default: BOTHY_ENDPOINT, else the local daemon.",
  },
  help: { type: "boolean", short: "h", help: "Show this help." },
};

export const formatOption: OptionTable = {
  format: { type: "string", short: "f", value: "table|json", help: "Table for people (default), json for scripts." },
};

/** Reads the words of a call. @throws UsageError that names the option or the word that is wrong or missing */
export function parseCall(command: Command, args: readonly string[]): Parsed {
  const options = { ...command.options, ...commonOptions };
  const [head, rest] = split(command, options, withOptionalValues(options, args));
  const { values, positionals } = parsed(options, head);
  const isHelp = values.help === true;
  if (!isHelp && positionals.length < command.minWords)
    throw new UsageError(`Missing argument: ${command.words.split(" ")[positionals.length] ?? command.words}.`);
  if (positionals.length > command.maxWords)
    throw new UsageError(`Unexpected argument "${positionals[command.maxWords]}".`);
  const list = (name: string): string[] => [values[name] ?? []].flat().map(String);
  return {
    words: positionals,
    rest,
    flag: (name) => values[name] === true,
    value: (name) => list(name).at(-1),
    values: list,
  };
}

/** Node's parser knows no option whose value may be left out: one without gets an empty one. */
function withOptionalValues(options: OptionTable, args: readonly string[]): string[] {
  const isBare = (word: string, at: number) =>
    word.startsWith("--") && options[word.slice(2)]?.optional === true && (args[at + 1] ?? "-").startsWith("-");
  return args.map((word, at) => (isBare(word, at) ? `${word}=` : word));
}

function split(command: Command, options: OptionTable, args: readonly string[]): [string[], string[]] {
  if (command.verbatimAfter === undefined) return [[...args], []];
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const words = tokens.filter((token) => token.kind === "positional");
  const end = words[command.verbatimAfter]?.index ?? args.length;
  return [args.slice(0, end), args.slice(end)];
}

function parsed(options: OptionTable, args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(parseMessage(error as NodeJS.ErrnoException));
  }
}

/** Says in our words what Node's parser found. */
function parseMessage(error: NodeJS.ErrnoException): string {
  const told = /'([^']+)'/.exec(error.message)?.[1] ?? "";
  if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `Unknown option "${told}".`;
  const name = /--[a-z-]+/.exec(told)?.[0] ?? told;
  if (/does not take an argument/.test(error.message)) return `Option "${name}" takes no value.`;
  if (/argument missing|ambiguous/.test(error.message)) return `Option "${name}" needs a value.`;
  return error.message;
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
