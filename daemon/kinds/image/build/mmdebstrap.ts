/** Build with mmdebstrap: a Debian root file system from the host's own package sources. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { ignoring } from "../../../platform/folders/files";
import { eachLine } from "../../../platform/processes/tail";
import { customise } from "../archive/pack";
import { underOpenUmask } from "../archive/unpack";
import type { Definition } from "../templates/template";
import { hostSources } from "./apt";
import type { Progress } from "./progress";

/** What mmdebstrap says when a stage begins, and how far that is of the whole, as measured with a base system. */
const stages: readonly (readonly [said: RegExp, percent: number])[] = [
  [/running apt-get update/, 5],
  [/downloading packages with apt/, 15],
  [/extracting archives/, 35],
  [/installing essential packages/, 45],
  [/installing remaining packages/, 60],
  [/cleaning package lists/, 85],
];

/** Fills a folder. @returns the time that all files made now shall have, in seconds since 1970 */
export async function fillDebian(
  root: string,
  definition: Definition,
  tell: Progress,
  signal: AbortSignal,
): Promise<number> {
  const { suite, variant = "minbase", components = ["main"], include } = definition;
  requireKeyring(definition);
  const { sources, options } = await hostSources(suite!, components);
  const from = mirrorSources(definition) ?? sources;
  await mmdebstrap(
    [
      `--variant=${variant}`,
      ...(include.length === 0 ? [] : [`--include=${include.join(",")}`]),
      `--components=${components.join(",")}`,
      "--format=directory",
      // A build that a crash ends is thrown away, so dpkg need not sync every file.
      "--dpkgopt=force-unsafe-io",
      ...options.map((option) => `--aptopt=${option}`),
      suite!,
      root,
      ...(from === "" ? [] : ["-"]),
    ],
    { input: from, scratchPath: path.dirname(root) },
    tell,
    signal,
  );
  // The host's proxy and certificates are no business of the container, nor is how it was built.
  for (const file of ["apt/apt.conf.d", "dpkg/dpkg.cfg.d"])
    await rm(path.join(root, "etc", file, "99mmdebstrap"), { force: true });
  customise(root, definition);
  return releaseSeconds(root);
}

/** The lines of sources.list(5) for a template's mirror. @returns nothing for one that has none, and takes the host's own */
export function mirrorSources({ mirror, suite, updates, components, keyring }: Definition): string | undefined {
  if (mirror === undefined) return undefined;
  const option = keyring === undefined ? "" : `[signed-by=${keyring}] `;
  const lines = [suite!, ...(updates ?? [])].map(
    (name) => `deb ${option}${mirror} ${name} ${(components ?? ["main"]).join(" ")}\n`,
  );
  return lines.join("");
}

/** Without its keys, apt would say only that a signature cannot be verified. @throws ApiError BAD_REQUEST */
function requireKeyring({ keyring }: Definition): void {
  if (keyring === undefined || existsSync(keyring)) return;
  const name = path.basename(keyring).replace(/-archive-keyring\.(gpg|pgp|asc)$/, "");
  throw badRequest(
    `Cannot build the template: the host has no ${keyring}, the keys of its packages. Install them; Debian's package is "${name}-keyring".`,
  );
}

/** When the packages were last changed, rather than now: the same packages give the same image. */
async function releaseSeconds(root: string): Promise<number> {
  const status = await readFile(path.join(root, "var/lib/dpkg/status"), "utf8");
  const names = [...status.matchAll(/^Package: (.+)$/gm)].map((match) => match[1]!);
  const times = await Promise.all(
    names.map(async (name) => {
      const found = await ignoring("ENOENT", stat(path.join(root, "usr/share/doc", name, "copyright")));
      return found === undefined ? 0 : Math.floor(found.mtimeMs / 1000);
    }),
  );
  return Math.max(...times, 0);
}

async function mmdebstrap(
  args: readonly string[],
  { input, scratchPath }: { input: string; scratchPath: string },
  tell: Progress,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  // Its own process group, so that a cancel reaches apt and dpkg too; the death signal covers a killed daemon.
  const [command, words] = underOpenUmask("setpriv", ["--pdeathsig", "TERM", "--", "mmdebstrap", ...args]);
  const child = spawn(command, words, {
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
    env: { ...process.env, TMPDIR: scratchPath, LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" },
  });
  const cancel = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  };
  signal.addEventListener("abort", cancel, { once: true });
  const said: string[] = [];
  eachLine(child.stderr, (line) => {
    said.push(line);
    if (said.length > 20) said.shift();
    const stage = stages.find(([pattern]) => pattern.test(line));
    if (stage !== undefined) tell(stage[1], line.replace(/^I: /, ""));
  });
  // A program that ended early takes no more input; its exit code tells why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  try {
    const [code] = await once(child, "close");
    signal.throwIfAborted();
    if (code === 127)
      throw badRequest(
        'Cannot build the template: the program "mmdebstrap" is not installed. Install it, on Debian by "apt-get install mmdebstrap".',
      );
    if (code !== 0) throw internal(`Cannot build the template: mmdebstrap failed: ${said.slice(-6).join("; ")}`);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
