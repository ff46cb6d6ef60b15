/** Sdks: packages for programs in other languages, made of schema.json by scripts/sdk-gen. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "../../..");
const setup = join(repository, "scripts/setup");

/** The program that writes them; set-up builds it. @returns undefined where it is not there */
export function sdkGenerator(): string | undefined {
  const { generatorOf } = require(join(setup, "sdk-gen.js")) as { generatorOf(context: object): string };
  const { cacheFolder, root } = require(join(setup, "context.js")) as { cacheFolder(): string; root: string };
  const program = generatorOf({ root, cache: cacheFolder() });
  return existsSync(program) ? program : undefined;
}

/**
 * Has Pulumi check schema.json, and writes packages of it.
 * @param folder gets a folder for each language, in the place of what is there under its name
 * @param languages all when absent
 * @returns what the generator told
 * @throws Error with all that is wrong with the schema
 */
export function writeSdks(folder: string, languages: readonly string[] = [], schema = "schema.json"): string {
  const program = sdkGenerator();
  if (program === undefined) throw new Error("Cannot write packages: their generator is not built. Run npm run sdks.");
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
  const { status, stdout, stderr } = spawnSync(program, [schema, version, folder, ...languages], {
    cwd: repository,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr.trim());
  return stdout.trim();
}
