/** Mounts: what is mounted where, as this daemon's mount namespace sees it. */
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";

export interface Mount {
  readonly point: string;
  readonly type: string;
  /** Such as /dev/loop3. */
  readonly source: string;
  /** Whether the file system itself is read-only, be it by an error: a mount may be so alone. */
  readonly isReadonly: boolean;
}

/** The mount that a path is on, or undefined when the path is not there. @see proc_pid_mountinfo(5) */
export async function mountOf(file: string): Promise<Mount | undefined> {
  const found = (await mounts()).filter(({ point }) => point === "/" || `${file}/`.startsWith(`${point}/`));
  return found.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best),
    undefined,
  );
}

/** What is mounted right at this path, or undefined when nothing is. */
export async function mountAt(folder: string): Promise<Mount | undefined> {
  const real = path.join(await realpath(path.dirname(folder)), path.basename(folder));
  const mount = await mountOf(real);
  return mount?.point === real ? mount : undefined;
}

/** Whether something is mounted right at this path. */
export const isMounted = async (folder: string): Promise<boolean> => (await mountAt(folder)) !== undefined;

/** The mounts below a folder, the innermost first. */
export async function mountsBelow(folder: string): Promise<Mount[]> {
  const real = await realpath(folder);
  const found = (await mounts()).filter(({ point }) => point.startsWith(`${real}/`));
  return found.sort((a, b) => b.point.length - a.point.length);
}

async function mounts(): Promise<Mount[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const [fields = "", tail = ""] = line.split(" - ");
    const [type = "", source = "", options = ""] = tail.split(" ");
    // ext4 closes itself without the flag that says so, since Linux 6.15 (docs/kernel.md, Quotas and sizes).
    const isReadonly = options.split(",").some((option) => option === "ro" || option === "emergency_ro");
    return { point: unescaped(fields.split(" ")[4] ?? ""), type, source: unescaped(source), isReadonly };
  });
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
