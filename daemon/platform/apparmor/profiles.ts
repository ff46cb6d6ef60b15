/**
 * Profiles: those of this daemon in the kernel. Their texts are kept in the state folder, and what apparmor_parser makes of them beside them: a profile whose text is
 * as before is not compiled again, and one that the kernel has already is left alone.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Dirs } from "../folders/dirs";
import { errnoOf, readTextNow } from "../folders/files";
import type { Log } from "../log";
import { run } from "../processes/run";
import { featuresWithoutNetworks } from "./features";
import { type AppArmorSupport, appArmorSupport, parserProgram, policyFolder } from "./support";

const namespaces = path.join(policyFolder, "policy/namespaces");

export interface ProfileText {
  readonly text: string;
  /** Whether it judges sockets and what is done with them. One that does refuses all locks on them: the kernel asks for a right that no rule gives. */
  readonly judgesNetworks: boolean;
}

export class AppArmorProfiles {
  #majorVersion: Promise<number> | undefined;
  #support: AppArmorSupport | undefined;
  #hasFeatures = false;
  /** Shared ones that are being loaded: two containers that start together want one. */
  readonly #loading = new Map<string, Promise<void>>();

  /** @param prefix of the names of all profiles, unique to the daemon's state folder */
  constructor(
    private readonly home: { readonly dirs: Dirs; readonly log: Log },
    readonly prefix: string,
  ) {}

  /** As it was when it was first asked. */
  get support(): AppArmorSupport {
    this.#support ??= appArmorSupport();
    return this.#support;
  }

  /** Of the parser: rules and options of newer kinds are an error to an older one. */
  get majorVersion(): Promise<number> {
    this.#majorVersion ??= run(parserProgram, ["--version"]).then(({ stdout }) =>
      Number(/version (\d+)/.exec(stdout)?.[1] ?? 0),
    );
    return this.#majorVersion;
  }

  /**
   * Has the kernel know a profile by this text from here on, also for processes that have it already.
   * @throws ApiError INTERNAL with the parser's words in its details (`stderr`) when the text is none
   */
  async load(name: string, profile: ProfileText): Promise<void> {
    const file = this.#fileOf(name);
    const isSame = readTextNow(file) === profile.text;
    if (isSame && loadedNames().includes(name)) return;
    // The parser's cache goes by the time of the file.
    if (!isSame) writeFileSync(file, profile.text, { mode: 0o600 });
    await this.#parse(file, profile);
  }

  /**
   * Has the kernel know a profile whose name says what its text is. Whichever daemon was the first to load it, all have it, and it stays until the host ends:
   * what is below it may be anybody's.
   */
  loadShared(name: string, profile: ProfileText): Promise<void> {
    const loading = this.#loading.get(name) ?? this.#loadShared(name, profile);
    this.#loading.set(name, loading);
    return loading.finally(() => this.#loading.delete(name));
  }

  async #loadShared(name: string, profile: ProfileText): Promise<void> {
    if (loadedNames().includes(name)) return;
    const file = path.join(this.home.dirs.appArmor("shared"), name);
    if (readTextNow(file) !== profile.text) writeFileSync(file, profile.text, { mode: 0o600 });
    await this.#parse(file, profile);
  }

  async #parse(file: string, { judgesNetworks }: ProfileText): Promise<void> {
    const cache = this.home.dirs.appArmor("cache");
    const judged = judgesNetworks ? [] : ["--policy-features", this.#withoutNetworks()];
    try {
      await run(parserProgram, ["--replace", "--quiet", "--write-cache", "--cache-loc", cache, ...judged, file]);
    } catch (error) {
      // Nothing may take it for what the kernel has.
      rmSync(file, { force: true });
      throw error;
    }
  }

  /** @returns the file that says so, of the kernel that runs now */
  #withoutNetworks(): string {
    const { appArmorFeatures } = this.home.dirs;
    if (!this.#hasFeatures) {
      writeFileSync(appArmorFeatures, featuresWithoutNetworks(path.join(policyFolder, "features")), { mode: 0o600 });
      this.#hasFeatures = true;
    }
    return appArmorFeatures;
  }

  /** Makes a namespace for policy of a container's own; one that is there already is kept. */
  makeNamespace(name: string): void {
    try {
      mkdirSync(path.join(namespaces, name));
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }

  /** Takes a profile and its namespace out of the kernel, with all that is kept of it. Nothing may have it any more: the kernel would let that run without. */
  forget(name: string): void {
    if (this.support.works) unload(name);
    this.#removeKept(name);
  }

  /** Forgets all that a daemon on this state folder has left for nobody. Never throws. */
  sweep(isKept: (name: string) => boolean): void {
    const { dirs, log } = this.home;
    const ours = (names: readonly string[]) =>
      names.filter((name) => name.startsWith(`${this.prefix}-`) && !isKept(name));
    try {
      const loaded = this.support.works ? ours([...loadedNames(), ...readdirSync(namespaces)]) : [];
      for (const name of new Set([...loaded, ...ours(readdirSync(dirs.appArmor("profiles")))])) {
        this.forget(name);
        log.debug("Removed the AppArmor profile of a container that is gone", { name });
      }
    } catch (error) {
      log.error("Cannot remove AppArmor profiles of containers that are gone", { error });
    }
  }

  #fileOf(name: string): string {
    return path.join(this.home.dirs.appArmor("profiles"), name);
  }

  #removeKept(name: string): void {
    rmSync(this.#fileOf(name), { force: true });
    // One folder for each set of features of the kernel that the parser has met.
    const cache = this.home.dirs.appArmor("cache");
    for (const folder of readdirSync(cache)) rmSync(path.join(cache, folder, name), { force: true });
  }
}

/** Names of the profiles that the kernel has, whoever loaded them. */
const loadedNames = (): string[] =>
  readFileSync(path.join(policyFolder, "profiles"), "utf8")
    .split("\n")
    .map((line) => line.replace(/ \([a-z]+\)$/, ""));

function unload(name: string): void {
  try {
    writeFileSync(path.join(policyFolder, ".remove"), name);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  try {
    rmdirSync(path.join(namespaces, name));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
