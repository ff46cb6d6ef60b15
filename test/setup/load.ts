// The modules of scripts/setup are plain JavaScript that no compiler copies to dist/, so tests load them by path.
import { join, resolve } from "node:path";

/** The folder that holds package.json, seen from dist/test/setup. */
export const repository = resolve(__dirname, "../../..");

/** Loads scripts/setup/<name>.js as the type that the caller states. */
export function loadSetup<T>(name: string): T {
  return require(join(repository, "scripts/setup", `${name}.js`)) as T;
}

/** A progress display that shows nothing and keeps its notes. */
export function silentProgress() {
  const notes: string[] = [];
  return { notes, detail: () => {}, note: (text: string) => notes.push(text) };
}
