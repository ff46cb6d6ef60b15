/** Program: the packages that a Pulumi program outside of the repository finds in its folder. */
import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";

/** The repository: this file is compiled to dist/scripts/scene. */
export const repository = path.resolve(__dirname, "../../..");

/** Links node_modules of a folder as an installation would fill it. @param withBothy whether the package itself is there */
export function linkPackages(folder: string, { withBothy }: { withBothy: boolean } = { withBothy: true }): void {
  const modules = path.join(folder, "node_modules");
  mkdirSync(modules);
  for (const name of ["@pulumi", "typescript", "@types"])
    symlinkSync(path.join(repository, "node_modules", name), path.join(modules, name));
  if (withBothy) symlinkSync(repository, path.join(modules, "bothy"));
}
