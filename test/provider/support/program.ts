/** Program: a folder as an installed program has it, with `bothy` and `@pulumi/pulumi` in its node_modules. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { linkPackages, repository } from "../../../scripts/scene/program";

export { repository };

export interface ProgramFolder extends Disposable {
  readonly path: string;
}

/** Makes the folder; disposing removes it. @param options.withBothy false for a program whose package was removed */
export function programFolder(options: { withBothy: boolean } = { withBothy: true }): ProgramFolder {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-program-"));
  linkPackages(folder, options);
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
