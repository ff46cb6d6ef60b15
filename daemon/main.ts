/** bothyd: reads its options, starts the daemon and waits for a signal. */
import { unavailable } from "../sdk/api/errors";
import { keepCode } from "../sdk/host/code-cache";
import { readFacts, whatIsMissing } from "../sdk/host/requirements";
import { isCommand, runCommand } from "./commands/commands";
import { Daemon } from "./daemon";
import { parseOptions, usage } from "./options";
import { toApiError } from "./platform/errors";
import { enterNamespaces } from "./rootless/enter";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (isCommand(args[0])) {
    await runCommand(args, process.env);
    return;
  }
  const options = parseOptions(args, process.env);
  if (options === "help") {
    process.stdout.write(usage);
    return;
  }
  if (process.geteuid?.() !== 0) enterNamespaces(options, args);
  const missing = whatIsMissing(readFacts());
  if (missing !== undefined) throw unavailable(`Cannot start the daemon: ${missing}. See "bothy doctor".`);
  process.umask(0o077);
  const daemon = new Daemon(options);
  const stop = (withContainers: boolean) => {
    daemon.stop(withContainers).then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  daemon.onStop = () => stop(false);
  process.on("SIGTERM", () => stop(false));
  process.on("SIGINT", () => stop(false));
  process.on("SIGPWR", () => stop(true));
  // One request has lost its answer, and the rest goes on.
  process.on("unhandledRejection", (error) => daemon.reportFault("A promise was rejected and nobody listened", error));
  // Nobody knows what it left half done: the next daemon finds the containers again and recovers.
  process.on("uncaughtException", (error) => {
    daemon.reportFault("The daemon ends, since an error was caught nowhere", error);
    daemon.stop(false).then(() => process.exit(1), fail);
  });
  try {
    await daemon.start();
    keepCode();
  } catch (error) {
    process.stderr.write(`bothyd: ${toApiError(error).message}\n`);
    await daemon.stop(false);
    process.exitCode = 1;
  }
}

function fail(error: unknown): void {
  process.stderr.write(`bothyd: ${toApiError(error).message}\n`);
  process.exit(1);
}

main().catch(fail);
