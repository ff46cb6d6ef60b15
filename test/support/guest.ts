/** Programs of the tests that run inside containers. */
import { execFileSync } from "node:child_process";
import path from "node:path";

const sources = path.resolve(__dirname, "../../../test/native/guest");

/** Compiles test/native/guest/NAME.c, static, so that it runs in any root. @param file where the program goes @param flags more of the compiler's */
export function buildGuest(name: string, file: string, ...flags: string[]): void {
  execFileSync("cc", ["-static", "-O1", "-Wall", "-Werror", ...flags, "-o", file, path.join(sources, `${name}.c`)]);
}
