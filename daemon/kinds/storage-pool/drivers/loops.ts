/** Loop devices: those that stand on a file. */
import { isThere } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";

/** Loop devices of a file, such as /dev/loop3; none when it is missing. */
export async function loopsOf(file: string): Promise<string[]> {
  if (!(await isThere(file))) return [];
  const { stdout } = await run("losetup", ["--associated", file, "--noheadings", "--output", "NAME"]);
  return stdout.split("\n").filter((device) => device !== "");
}

/** Gives the loop devices of a file back. */
export async function detachLoops(file: string): Promise<void> {
  // ENXIO (code 1): the kernel gave it back by itself meanwhile.
  for (const device of await loopsOf(file)) await run("losetup", ["--detach", device], { accept: [0, 1] });
}
