/** Child: a program on our own streams that ends when we are told to. */
import { type SpawnOptions, spawn } from "node:child_process";

/** Those that a process manager sends to us alone; a terminal sends its own to the child as well. */
const passedOn = ["SIGTERM", "SIGHUP"] as const;

/** Runs a program to its end, its output shown. @returns its exit code, 1 when a signal ended it @throws Error when it cannot be run */
export async function runChild(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): Promise<number> {
  const child = spawn(command, args, { ...options, stdio: "inherit" });
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  const wait = () => undefined;
  for (const signal of passedOn) process.on(signal, pass);
  process.on("SIGINT", wait);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error) => reject(new Error(`Cannot run "${command}": ${error.message}.`)));
      child.once("close", (code) => resolve(code ?? 1));
    });
  } finally {
    for (const signal of passedOn) process.off(signal, pass);
    process.off("SIGINT", wait);
  }
}
