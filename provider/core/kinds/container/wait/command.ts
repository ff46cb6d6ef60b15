/** Wait for a command: run in the container again and again, until its exit code is 0. */
import { hiddenText, isSecretAt, redactorOf } from "../../../engine/secrets";
import { type ConditionKind, untilTrue, type Watch } from "./watch";

/** Longest part of a command's output that an error shows, in characters. */
const shownLength = 400;

/** Longest part that is searched for secrets, in characters. */
const searchedLength = 65_536;

/** What a command said, for people. A command with a secret in it may print that in any form, so nothing of its output is told. */
function outputOf({ inputs, path }: Watch, said: string): string {
  if (said.trim() === "") return "";
  if (isSecretAt(inputs, ...path, "command")) return "; its output is not shown, since the command holds a secret";
  // Taken out before it is cut: half of a secret is not found.
  return `, with the output: ${redactorOf(inputs)(said.slice(-searchedLength)).trim().slice(-shownLength)}`;
}

/** The command with its secret words hidden by their place, whatever they hold. */
const shownCommand = ({ condition, inputs, path }: Watch): string =>
  (condition.command ?? [])
    .map((word, at) => (isSecretAt(inputs, ...path, "command", String(at)) ? hiddenText : word))
    .join(" ");

export const command: ConditionKind = {
  missing: (watch) => `the command "${shownCommand(watch)}" did not succeed`,
  async until(watch) {
    const { client, signal } = watch.context;
    watch.saw("the command never ended");
    // Each attempt is one exec session: only the command itself can tell that it is time.
    await untilTrue(watch, async () => {
      const options = { command: watch.condition.command ?? [], signal };
      const { code, stdout, stderr } = await client.execOutput(watch.name, options);
      watch.saw(`its last exit code was ${code}${outputOf(watch, `${stderr}${stdout}`)}`);
      return code === 0;
    });
  },
};
