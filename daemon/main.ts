/** bothyd: reads its options, starts the daemon and waits for a signal. */
import { Daemon } from "./daemon";
import { toApiError } from "./errors";
import { parseOptions, usage } from "./options";

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    process.stdout.write(usage);
    return;
  }
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
  try {
    await daemon.start();
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
