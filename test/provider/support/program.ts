/** Program: a folder as an installed program has it, with `bothy` and `@pulumi/pulumi` in its node_modules. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The repository: this file is compiled to dist/test/provider/support. */
export const repository = path.resolve(__dirname, "../../../..");

export interface ProgramFolder extends Disposable {
  readonly path: string;
}

/** Makes the folder; disposing removes it. @param options.withBothy false for a program whose package was removed */
export function programFolder(options: { withBothy: boolean } = { withBothy: true }): ProgramFolder {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-program-"));
  const modules = path.join(folder, "node_modules");
  mkdirSync(modules);
  for (const name of ["@pulumi", "typescript", "@types"])
    symlinkSync(path.join(repository, "node_modules", name), path.join(modules, name));
  if (options.withBothy) symlinkSync(repository, path.join(modules, "bothy"));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
