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

/** @returns whether the host of YAML programs is there, which the engine finds on PATH; a Pulumi that was downloaded has it, one that was built may not */
export function useYamlHost(): boolean {
  const { which } = require(join(setup, "context.js")) as { which(program: string): string | undefined };
  return useEngine() && which("pulumi-language-yaml") !== undefined;
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
