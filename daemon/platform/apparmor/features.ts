/**
 * Features: what the kernel's AppArmor judges, as apparmor_parser takes it for what a profile judges (apparmor_parser(8), --policy-features). A class of the kernel's
 * rules that is left out of it is judged by the profile in no way.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const isOfNetworks = (name: string): boolean => /^network(_v\d+)?$/.test(name);

/** All but those of networks. @param folder where the kernel shows its features: files, and folders of them */
export const featuresWithoutNetworks = (folder: string): string =>
  textOf(
    folder,
    readdirSync(folder).filter((name) => !isOfNetworks(name)),
  );

const textOf = (folder: string, names: readonly string[]): string =>
  [...names]
    .sort()
    .map((name) => `${name} {${contentOf(path.join(folder, name))}}\n`)
    .join("");

const contentOf = (file: string): string =>
  statSync(file).isDirectory() ? textOf(file, readdirSync(file)) : readFileSync(file, "utf8");
