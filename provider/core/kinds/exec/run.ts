/** Exec run: one command in a container, its output bounded, and what goes wrong told without secrets. */
import type { Readable } from "node:stream";
import { ApiError } from "../../../../sdk/api/errors";
import type { Context } from "../../engine/core";
import { namingProperty } from "../../engine/failure";
import { hiddenText, isSecretAt, redactorOf } from "../../engine/secrets";
import type { Props } from "../../engine/values";
import type { ExecInputs } from "./inputs";

/** So much of an output is kept, from its end, in characters; Pulumi stores it. */
export const keptLength = 65_536;
/** A secret that the cut goes through must be seen as a whole, in characters. */
const marginLength = 8192;

/** Longest part of an output that an error shows, in characters. */
const shownLength = 2000;

/** Reads to the end and keeps the end. */
async function tailOf(stream: Readable): Promise<string> {
  const limit = 4 * (keptLength + marginLength);
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) {
    tail = Buffer.concat([tail, chunk as Buffer]);
    if (tail.length > 2 * limit) tail = tail.subarray(tail.length - limit);
  }
  return tail.toString("utf8").slice(-(keptLength + marginLength));
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export type Which = "create" | "update" | "delete";

/** The command with its secret words hidden by their place, whatever they hold. */
const shownCommand = (command: readonly string[], which: Which, props: Props): string =>
  command.map((word, at) => (isSecretAt(props, which, String(at)) ? hiddenText : word)).join(" ");

/**
 * Runs one of the commands to its end.
 * @param which the property that has the command @param props inputs, which tell what is secret
 * @returns its output without the secrets of the inputs
 * @throws Error that shows the end of its output, when its exit code is not one of those that count as success
 */
export async function run(context: Context, inputs: ExecInputs, which: Which, props: Props): Promise<Ran> {
  const { instance, environment, user, group, cwd, stdin = "", timeoutSeconds, exitCodes } = inputs;
  const command = inputs[which] ?? [];
  const over = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = over === undefined ? context.signal : AbortSignal.any([context.signal, over]);
  const failed = (cause: string) =>
    new Error(
      `Cannot run the ${which} command "${shownCommand(command, which, props)}" in container "${instance}": ${cause}`,
    );
  try {
    const session = await context.client.execInstance(instance, { command, environment, user, group, cwd, signal });
    // A command may leave without reading its input; its exit code tells what became of it.
    session.stdin.on("error", () => undefined);
    session.stdin.end(stdin);
    const [stdout, stderr, exitCode] = await Promise.all([
      tailOf(session.stdout),
      tailOf(session.stderr),
      session.exit,
    ]);
    const redact = redactorOf(props);
    const clean = { stdout: redact(stdout).slice(-keptLength), stderr: redact(stderr).slice(-keptLength), exitCode };
    if (exitCodes.includes(exitCode)) return clean;
    const said = `${clean.stderr}\n${clean.stdout}`.trim().slice(-shownLength);
    throw failed(
      `it ended with exit code ${exitCode}${said === "" ? " and said nothing." : `, with the output: ${said}`}`,
    );
  } catch (error) {
    if (over?.aborted && !context.signal.aborted)
      throw failed(`it did not end within ${timeoutSeconds} seconds and was killed. Raise timeoutSeconds, or mend it.`);
    throw ApiError.is(error) ? namingProperty(error, [[/instance not found/i, "instance"]]) : error;
  }
}
