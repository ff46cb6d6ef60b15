/** Programs of the tests that run inside containers. */
import { execFileSync } from "node:child_process";
import path from "node:path";

const tests = path.resolve(__dirname, "../../../test");

/** Compiles native/guest/NAME.c, static, so that it runs in any root. @param file where the program goes @param flags more of the compiler's */
export function buildGuest(name: string, file: string, ...flags: string[]): void {
  compileGuest(path.join(tests, "native/guest", `${name}.c`), file, ...flags);
}

/** The same of any source of the tests. */
export function compileGuest(source: string, file: string, ...flags: string[]): void {
  execFileSync("cc", ["-static", "-O1", "-Wall", "-Werror", ...flags, "-o", file, source]);
}
