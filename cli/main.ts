/** bothy: the command line. Finds the verb, reads its words, runs it, and turns what went wrong into a message and an exit code. */

import { packageVersion } from "../sdk/host/package";
import { ApiError, Client, ensureDaemon, isLocalDefault } from "../sdk/index";
import { type Command, parseCall, UsageError } from "./command";
import { daemon } from "./daemon";
import { doctor } from "./doctor/command";
import { exec } from "./exec";
import { commandHelp, overview } from "./help";
import { init } from "./init/command";
import { deleteInstance } from "./instance/delete";
import { info } from "./instance/info";
import { launch } from "./instance/launch";
import { list } from "./instance/list";
import { start } from "./instance/start";
import { stop } from "./instance/stop";
import { type Format, Output } from "./output";

const commands: readonly Command[] = [init, launch, list, info, exec, start, stop, deleteInstance, daemon, doctor];
const usageCode = 2;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const plain = outputOf("table");
  const command = commands.find((row) => row.name === name);
  if (command !== undefined) return runCommand(command, rest);
  if (name === undefined || name === "help" || name === "--help" || name === "-h") plain.text(overview(commands));
  else if (name === "--version") plain.text(packageVersion());
  else plain.error(`Unknown ${name.startsWith("-") ? "option" : "command"} "${name}". See "bothy --help".`);
  const isKnown = name !== undefined && ["help", "--help", "-h", "--version"].includes(name);
  return isKnown ? 0 : usageCode;
}

async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  let client: Client | undefined;
  let output = outputOf("table");
  try {
    const call = parseCall(command, args);
    if (call.flag("help")) {
      output.text(commandHelp(command));
      return 0;
    }
    output = outputOf(formatOf(call.value("format")));
    const open = () => {
      client ??= new Client({ endpoint: call.value("endpoint") });
      return client;
    };
    if (command.withoutDaemon !== true && isLocalDefault(call.value("endpoint")))
      await ensureDaemon(
        open().endpoint.socketPath,
        () => open().getServer(),
        (message) => output.error(message),
      );
    return (
      (await command.run({
        ...call,
        output,
        get client() {
          return open();
        },
      })) ?? 0
    );
  } catch (error) {
    if (error instanceof UsageError) {
      output.error(`${error.message} See "bothy ${command.name} --help".`);
      return usageCode;
    }
    output.error(messageOf(error));
    return command.failureCode ?? 1;
  } finally {
    await client?.close();
  }
}

function formatOf(text = "table"): Format {
  if (text === "table" || text === "json") return text;
  throw new UsageError(`Option "--format" needs table or json, not "${text}".`);
}

/** A message for people; what is no error of ours is a bug, and its stack is wanted. */
function messageOf(error: unknown): string {
  if (ApiError.is(error)) return error.message;
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? error.message : (error.stack ?? error.message);
}

const outputOf = (format: Format) => new Output({ out: process.stdout, error: process.stderr }, format);

// A reader that left, as in "bothy list | head", is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

main(process.argv.slice(2)).then((code) => process.exit(code));
