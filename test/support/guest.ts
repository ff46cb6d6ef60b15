/** Programs of the tests that run inside containers. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import path from "node:path";

const tests = path.resolve(__dirname, "../../../test");

/** Compiles native/guest/NAME.c, static, so that it runs in any root. @param file where the program goes @param flags more of the compiler's */
export function buildGuest(name: string, file: string, ...flags: string[]): void {
  compileGuest(path.join(tests, "native/guest", `${name}.c`), file, ...flags);
}

/** The same of any source of the tests. One that is compiled already lies beside where its source would be, as on the disk of tests for guests, which have no compiler. */
export function compileGuest(source: string, file: string, ...flags: string[]): void {
  const built = source.replace(/\.c$/, "");
  if (existsSync(built)) {
    copyFileSync(built, file);
    return;
  }
  execFileSync("cc", ["-static", "-O1", "-Wall", "-Werror", ...flags, "-o", file, source]);
}
