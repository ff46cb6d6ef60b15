/** Overlay probe: whether the kernel and the file system can carry what the overlay driver makes. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { release } from "node:os";
import path from "node:path";
import { toApiError } from "../../errors";
import { run } from "../../run";
import { removeTree } from "./volume-folder";

/**
 * Mounts a small overlay in a mount namespace of its own.
 * @param scratch folder on the file system to judge
 * @returns why the driver cannot be used, or nothing when it can
 */
export async function overlayUnavailable(scratch: string): Promise<string | undefined> {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  if (major < 5 || (major === 5 && minor < 19))
    return `id-mapped layers need Linux 5.19 or newer, this is ${release()}`;
  const folder = await mkdtemp(path.join(scratch, "overlay-"));
  try {
    for (const name of ["lower", "upper", "work", "merged"]) await mkdir(path.join(folder, name));
    const options = "lowerdir=lower,upperdir=upper,workdir=work";
    await run("unshare", ["--mount", "--", "mount", "-t", "overlay", "-o", options, "overlay", "merged"], {
      cwd: folder,
    });
    return undefined;
  } catch (error) {
    return `the kernel does not mount an overlay here (${toApiError(error).message})`;
  } finally {
    await removeTree(folder);
  }
}
