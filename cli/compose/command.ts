/** import-compose: prints a program of Pulumi for a compose file. It needs no daemon and asks nobody. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Command, UsageError } from "../command";
import { readCompose } from "./file";
import { programOf } from "./program";

function contentOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read "${file}": ${error instanceof Error ? error.message : String(error)}.`);
  }
}

export const importCompose: Command = {
  words: "<FILE>",
  withoutDaemon: true,
  options: {},
  details: [
    "Prints TypeScript for the folder of a program (bothy init), with a comment for what has no counterpart.",
    "FILE is read from standard input when it is a dash, such as of: docker compose config.",
    "Example: bothy import-compose compose.yaml > index.ts",
  ].join("\n"),
  run: async ({ words: [file = ""], output }) => {
    const name = file === "-" ? "standard input" : path.basename(file);
    const { text, notes } = programOf(readCompose(contentOf(file), name), name);
    output.say(text.trimEnd());
    if (notes > 0) output.error(`${notes} ${notes === 1 ? "comment tells" : "comments tell"} what is to be looked at.`);
    return 0;
  },
};
