/** bothy: the command line. Finds the verb, reads its words, runs it, and turns what went wrong into a message and an exit code. */
import "./plain-zod";
import { packageVersion } from "../sdk/host/package";
import { ApiError, Client, ensureDaemon, isLocalDefault, localEndpoint } from "../sdk/index";
import { parseCall, UsageError } from "./command";
import { bothy, findCommand, type Verb } from "./commands";
import { type Format, Output } from "./output";

const usageCode = 2;

async function main(args: readonly string[]): Promise<number> {
  const { path, entry, rest } = findCommand(bothy, args);
  if ("load" in entry) return runCommand(entry, path, rest);
  const plain = outputOf("table");
  const [word, second] = rest;
  if (word === "--version" && path === "") {
    plain.text(packageVersion());
    return 0;
  }
  if (word === "help" && second !== undefined)
    return main([...args.slice(0, -rest.length), ...rest.slice(1), "--help"]);
  const isAsked = word !== undefined && ["help", "--help", "-h"].includes(word);
  if (word === undefined || isAsked) {
    const { overview } = await import("./help");
    plain.text(overview(entry, path));
    return isAsked ? 0 : usageCode;
  }
  const named = path === "" || word.startsWith("-") ? word : `${path} ${word}`;
  const see = `bothy ${path} --help`.replace("  ", " ");
  plain.error(`Unknown ${word.startsWith("-") ? "option" : "command"} "${named}". See "${see}".`);
  return usageCode;
}

async function runCommand(verb: Verb, path: string, args: readonly string[]): Promise<number> {
  const command = await verb.load();
  let client: Client | undefined;
  let output = outputOf("table");
  try {
    const call = parseCall(command, args);
    if (call.flag("help")) {
      const { commandHelp } = await import("./help");
      output.text(commandHelp(verb, path, command));
      return 0;
    }
    output = outputOf(formatOf(call.value("format")));
    const open = () => {
      client ??= new Client({ endpoint: call.value("endpoint") });
      return client;
    };
    if (command.withoutDaemon !== true && isLocalDefault(call.value("endpoint")))
      await ensureDaemon(
        localEndpoint().socketPath,
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
      output.error(`${error.message} See "bothy ${path} --help".`);
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

/** A message for people; what is not an error of ours is a bug, and its stack is wanted. */
function messageOf(error: unknown): string {
  if (ApiError.is(error)) return error.message;
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? error.message : (error.stack ?? error.message);
}

const outputOf = (format: Format) => new Output({ out: process.stdout, error: process.stderr }, format);

// A reader that left, as in "bothy list | head", is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

main(process.argv.slice(2)).then((code) => process.exit(code));
