/** Squashfs: what one holds, by unsquashfs's listing. It holds a tree, not a list of writes; unsquashfs itself refuses impossible and repeated names. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { findProgram } from "../../../../sdk/host/program";
import { eachLine, Tail } from "../../../platform/processes/tail";
import { Devices, Names, type TarLayout } from "./check";
import { limited } from "./limited";
import { beyond, type ImageLimits, requireSize } from "./limits";
import { refuse, shown } from "./refuse";

/** Of unsquashfs: its tables, and queues that are kept small. */
export const unsquashfsBytes = 1536 * 1024 * 1024;
export const unsquashfsQueues = ["-data-queue", "64", "-frag-queue", "64"];

/** Type, then owner, then size or device number, then date and path. A name with a line break goes on in the next line. */
const linePattern =
  /^([-dlcbps])[-rwxsStT]{9} \d+\/\d+ +(?:(\d+)|\d+, *\d+) \d{4}-\d\d-\d\d \d\d:\d\d squashfs-root(?:\/(.*))?$/;

/** To be called where it is confined. @throws ApiError BAD_REQUEST when it is broken or past the limits */
export async function checkSquashfs(filePath: string, limits: ImageLimits, packedBytes: number): Promise<TarLayout> {
  if (findProgram("unsquashfs") === undefined)
    throw refuse('the program "unsquashfs" is not installed', "Install squashfs-tools, or send the image as tarballs.");
  const args = [...unsquashfsQueues, "-lln", filePath];
  const child = spawn(...limited("unsquashfs", args, unsquashfsBytes), {
    env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  const complaint = Tail.of(child.stderr);
  const count = new Count(limits, packedBytes);
  let problem: unknown;
  // Names are bytes.
  eachLine(
    child.stdout,
    (line) => {
      try {
        if (problem === undefined) count.line(line);
      } catch (error) {
        problem = error;
        child.kill("SIGKILL");
      }
    },
    "latin1",
  );
  const [code] = await closed;
  if (problem !== undefined) throw problem;
  if (code !== 0)
    throw refuse(
      `its squashfs is broken: ${complaint.text.replaceAll("\n", "; ") || "unsquashfs cannot read it"}`,
      "Make it again with mksquashfs.",
    );
  return { prefix: "", deviceNodes: count.devices.names };
}

/** Adds up what the lines tell. */
class Count {
  readonly devices = new Devices();
  readonly #names: Names;
  #entries = 0;
  #bytes = 0;
  #wasDevice = false;

  constructor(
    private readonly limits: ImageLimits,
    private readonly packedBytes: number,
  ) {
    this.#names = new Names(limits);
  }

  line(line: string): void {
    const [, type, size, path] = linePattern.exec(line) ?? [];
    this.#names.add(path?.length ?? line.length);
    // Not a device's own name: unsquashfs would be told to leave out another.
    if (type === undefined && this.#wasDevice && line !== "") this.devices.add("\n", []);
    this.#wasDevice = type === "c" || type === "b";
    if (type === undefined || path === undefined) return;
    this.#entries += 1;
    if (this.#entries > this.limits.entries.value)
      throw beyond(this.limits, "entries", "it has more files and folders");
    const parts = path.split("/");
    if (parts.length > this.limits.depth.value)
      throw beyond(this.limits, "depth", `the entry ${shown(path)} lies deeper`);
    if (this.#wasDevice) this.devices.add(path, parts);
    if (type !== "-") return;
    this.#bytes += Number(size ?? 0);
    requireSize(this.#bytes, this.limits, this.packedBytes);
  }
}
