/** Formatted: text of a file as the project's formatter writes it. */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** @param file path from the root of the repository @throws Error with the formatter's words when the text is not a program */
export const formatted = (file: string, text: string): string =>
  execFileSync(
    process.execPath,
    [join(root, "node_modules/@biomejs/biome/bin/biome"), "check", "--write", `--stdin-file-path=${file}`],
    { cwd: root, input: text, encoding: "utf8" },
  );
