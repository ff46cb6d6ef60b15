/** Apt: the host's own package sources and transport options, for building images of the same distribution. */
import path from "node:path";
import { entries, readText } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";

interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly signedBy: string | undefined;
}

export interface HostSources {
  /** One-line entries of sources.list; empty when the host has none of that distribution. */
  readonly sources: string;
  /** Proxies and certificates, as lines of apt.conf. */
  readonly options: readonly string[];
}

/**
 * What the host would ask for a suite. Sources of the host's own release serve another release of the same archive too.
 * @param suite release name such as "bookworm"
 */
export async function hostSources(suite: string, components: readonly string[]): Promise<HostSources> {
  const all = (await readSources("/etc/apt")).filter((source) =>
    components.some((each) => source.components.includes(each)),
  );
  const same = all.filter(({ suite: have }) => partOf(have, suite));
  const codename = await hostCodename();
  const moved = all
    .filter(({ suite: have }) => codename !== undefined && partOf(have, codename))
    .map((source) => ({ ...source, suite: source.suite.replace(codename!, suite) }));
  const lines = (same.length > 0 ? same : moved).map(({ uri, suite: name, signedBy }) => {
    const option = signedBy === undefined ? "" : `[signed-by=${signedBy}] `;
    return `deb ${option}${uri} ${name} ${components.join(" ")}`;
  });
  return { sources: [...new Set(lines)].map((line) => `${line}\n`).join(""), options: await transportOptions() };
}

/** The release itself, its updates and its security fixes; not a foreign archive's suite that only begins so. */
const partOf = (have: string, suite: string): boolean =>
  [suite, `${suite}-updates`, `${suite}-security`, `${suite}/updates`].includes(have);

async function hostCodename(): Promise<string | undefined> {
  const text = (await readText("/etc/os-release")) ?? "";
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1];
}

async function readSources(folder: string): Promise<Source[]> {
  const parts = (await entries(path.join(folder, "sources.list.d"))).sort();
  const files = [path.join(folder, "sources.list"), ...parts.map((name) => path.join(folder, "sources.list.d", name))];
  const found = await Promise.all(
    files.map(async (file) => {
      const text = (await readText(file)) ?? "";
      if (file.endsWith(".sources")) return parseDeb822(text);
      return file.endsWith(".list") ? parseOneLine(text) : [];
    }),
  );
  return found.flat();
}

/** Lines such as `deb [signed-by=/k.gpg] http://host/debian bookworm main` (sources.list(5)). */
export function parseOneLine(text: string): Source[] {
  return text.split("\n").flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line.trim());
    if (match === null) return [];
    const [, options, uri, suite, components] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(options ?? "")?.[1];
    return [{ uri: uri!, suite: suite!, components: components!.trim().split(/\s+/), signedBy }];
  });
}

/** Stanzas of fields, a continued line begins with a blank (sources.list(5)). */
export function parseDeb822(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    let last = "";
    for (const line of stanza.split("\n")) {
      if (line.startsWith("#")) continue;
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (match !== null) last = match[1]!.toLowerCase();
      fields.set(last, `${fields.get(last) ?? ""} ${match?.[2] ?? line}`.trim());
    }
    const words = (name: string) => (fields.get(name) ?? "").split(/\s+/).filter((each) => each !== "");
    if (!words("types").includes("deb") || fields.get("enabled") === "no") return [];
    // A key that is written out in the stanza cannot go on one line; apt's own trusted keys are used then.
    const key = fields.get("signed-by");
    const signedBy = key?.startsWith("/") === true && !key.includes(" ") ? key : undefined;
    return words("uris").flatMap((uri) =>
      words("suites").map((suite) => ({ uri, suite, components: words("components"), signedBy })),
    );
  });
}

const transport = /^Acquire::(https?|ftp|socks)::.*";$/i;

async function transportOptions(): Promise<string[]> {
  const { stdout } = await run("apt-config", ["dump"]);
  return stdout.split("\n").filter((line) => transport.test(line) && !line.endsWith('"";'));
}
