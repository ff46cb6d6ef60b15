/** The Pulumi engine of set-up, for the demo and for tests: found as scripts/setup/engine.js finds it, kept off the network. */
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const setup = resolve(__dirname, "../../../scripts/setup");

interface Engine {
  ENGINE_VERSION: string;
  PARTS: string[];
  engineOnPath(): string | undefined;
}

/**
 * Puts the engine in the user's cache on this process's PATH, where the Automation API looks, unless PATH has one.
 * @returns whether there is an engine; `npm test` always brings one, a test run by hand may be without
 */
export function useEngine(): boolean {
  const { ENGINE_VERSION, PARTS, engineOnPath } = require(join(setup, "engine.js")) as Engine;
  const { cacheFolder } = require(join(setup, "context.js")) as { cacheFolder(): string };
  if (engineOnPath()) return true;
  const cached = join(cacheFolder(), "engine", ENGINE_VERSION);
  if (!PARTS.every((part) => existsSync(join(cached, part)))) return false;
  process.env.PATH = [cached, process.env.PATH ?? ""].join(delimiter);
  return true;
}

/**
 * Puts the host of YAML programs on this process's PATH, where the engine looks, unless it is there.
 * @returns whether there is one beside an engine; set-up brings it for tests, where it can
 */
export function useYamlHost(): boolean {
  const { hostFolder } = require(join(setup, "yaml-host.js")) as { hostFolder(context: object): string };
  const { cacheFolder, root, which } = require(join(setup, "context.js")) as {
    cacheFolder(): string;
    root: string;
    which(program: string): string | undefined;
  };
  if (!useEngine()) return false;
  const host = "pulumi-language-yaml";
  if (which(host) !== undefined) return true;
  const folder = hostFolder({ root, cache: cacheFolder() });
  if (!existsSync(join(folder, host))) return false;
  process.env.PATH = [folder, process.env.PATH ?? ""].join(delimiter);
  return true;
}

/**
 * The environment for an engine that keeps its state in a folder of ours and asks nothing of the network.
 * @param home an own folder with a folder "state" in it, which becomes the backend
 */
export function engineEnv(home: string): Record<string, string> {
  return {
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${join(home, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "passphrase",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_SKIP_CONFIRMATIONS: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
  };
}
