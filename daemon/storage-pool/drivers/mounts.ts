/** Mounts: what is mounted where, as this daemon's mount namespace sees it. */
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";

export interface Mount {
  readonly point: string;
  readonly type: string;
  /** Such as /dev/loop3. */
  readonly source: string;
}

/** The mount that a path is on, or undefined when the path is not there. @see proc_pid_mountinfo(5) */
export async function mountOf(file: string): Promise<Mount | undefined> {
  const found = (await mounts()).filter(({ point }) => point === "/" || `${file}/`.startsWith(`${point}/`));
  return found.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best),
    undefined,
  );
}

/** Whether something is mounted right at this path. */
export async function isMounted(folder: string): Promise<boolean> {
  const real = path.join(await realpath(path.dirname(folder)), path.basename(folder));
  return (await mountOf(real))?.point === real;
}

async function mounts(): Promise<Mount[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const [fields = "", tail = ""] = line.split(" - ");
    const [type = "", source = ""] = tail.split(" ");
    return { point: unescaped(fields.split(" ")[4] ?? ""), type, source: unescaped(source) };
  });
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
