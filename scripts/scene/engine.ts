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
 * Puts the hosts of Python and Go programs on this process's PATH, where the engine looks, unless they are there, and a Python
 * that has Pulumi before it.
 * @returns whether they are there beside an engine; set-up brings them for tests, where it can
 */
export function useLanguageHosts(): boolean {
  const { PARTS, hostsFolder, pythonFolder } = require(join(setup, "language-hosts.js")) as {
    PARTS: string[];
    hostsFolder(context: object): string;
    pythonFolder(context: object): string;
  };
  const { cacheFolder, root, which } = require(join(setup, "context.js")) as {
    cacheFolder(): string;
    root: string;
    which(program: string): string | undefined;
  };
  if (!useEngine()) return false;
  const context = { root, cache: cacheFolder() };
  const [hosts, python] = [hostsFolder(context), pythonFolder(context)];
  const onPath = PARTS.every((part) => which(part) !== undefined);
  if (!onPath && !PARTS.every((part) => existsSync(join(hosts, part)))) return false;
  if (!existsSync(join(python, "python3"))) return false;
  process.env.PATH = [python, ...(onPath ? [] : [hosts]), process.env.PATH ?? ""].join(delimiter);
  return true;
}

/** How Go compiles programs of ours, so that it takes what it has kept of set-up, and asks no network. */
export function goEnv(): Record<string, string> {
  const { GO_ENV } = require(join(setup, "go.js")) as { GO_ENV: Record<string, string> };
  return { ...GO_ENV, GOPROXY: "off", GOTOOLCHAIN: "local" };
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
