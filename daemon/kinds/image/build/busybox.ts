/** Build busybox: a root file system around the host's static busybox. */
import { chmodSync, chownSync, copyFileSync, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { badRequest } from "../../../../sdk/api/errors";
import { isStaticProgram } from "../../../../sdk/host/program";
import { run } from "../../../platform/processes/run";
import { customise } from "../archive/pack";
import { folderInto, linkInto, makeFolder } from "../archive/tree";
import type { Definition } from "../templates/template";

const places = ["/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox"];

/** Grows when this builder makes another tree of the same inputs. */
const version = 1;

const folders: readonly (readonly [innerPath: string, mode: number])[] = [
  ...["/bin", "/dev", "/etc", "/mnt", "/proc", "/run", "/sbin", "/sys", "/usr", "/var", "/var/log", "/var/www"].map(
    (innerPath) => [innerPath, 0o755] as const,
  ),
  ["/root", 0o700],
  ["/tmp", 0o1777],
  ["/var/tmp", 0o1777],
];

/** @throws ApiError BAD_REQUEST when the host has no busybox */
function hostBusybox(): string {
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw badRequest(
      'Cannot build image template "busybox": the host has no busybox. Install it, on Debian by "apt-get install busybox-static".',
    );
  return found;
}

/** What decides the built image beside the definition. */
export async function busyboxInputs(): Promise<string> {
  const { size, mtimeMs } = await stat(hostBusybox());
  return `${version} ${size} ${mtimeMs}`;
}

/** Fills a new folder. @returns the time of the host's busybox, in seconds since 1970 */
export async function fillBusybox(root: string, definition: Definition): Promise<number> {
  const busybox = hostBusybox();
  requireStatic(busybox);
  const [{ stdout }, { mtimeMs }] = await Promise.all([run(busybox, ["--list-full"]), stat(busybox)]);
  makeFolder(root, 0o755);
  for (const [innerPath, mode] of folders) folderInto(root, innerPath, mode);
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  // A copy has the owner of what was copied, and in a user namespace the host's root is nobody.
  chownSync(path.join(root, "bin/busybox"), 0, 0);
  chmodSync(path.join(root, "bin/busybox"), 0o755);
  // A copy has the owner of what it is of, who is nobody's where the host's programs are another system's.
  chownSync(path.join(root, "bin/busybox"), process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  for (const applet of stdout.split("\n"))
    if (applet.includes("/") && applet !== "bin/busybox") linkInto(root, applet, "/bin/busybox");
  customise(root, definition);
  return Math.floor(mtimeMs / 1000);
}

/** In an image without libraries a dynamic program could not start. */
function requireStatic(busybox: string): void {
  if (!isStaticProgram(busybox))
    throw badRequest(
      `Cannot build image template "busybox": ${busybox} needs shared libraries. Install the static one, on Debian by "apt-get install busybox-static".`,
    );
}
