/** File system: what is on a block device, as blkid(8) of util-linux tells. */
import { badRequest } from "../../../sdk/api/errors";
import { findProgram } from "../../../sdk/host/program";
import { run } from "../processes/run";

/** A disk that does not answer. */
const timeoutMs = 20_000;

/** Exit codes of blkid: nothing was found, and several things that cannot all be there. */
const nothing = 2;
const several = 8;

/**
 * Looks at the device itself, past what blkid remembers of it. The device may be a stranger's: no file system of it is tried here.
 * @returns its type as the kernel knows it, such as "ext4", or why there is none
 * @throws ApiError BAD_REQUEST when blkid is missing
 */
export async function fileSystemOn(device: string): Promise<{ readonly type: string } | { readonly cause: string }> {
  if (findProgram("blkid") === undefined)
    throw badRequest(`Cannot look at "${device}": the program "blkid" is missing. Install the package util-linux.`);
  const { code, stdout } = await run("blkid", ["-p", "-o", "export", "--", device], {
    accept: [0, nothing, several],
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (code === several) return { cause: "there are traces of several on it; wipefs(8) shows them" };
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1];
  const [type, usage] = [of("TYPE"), of("USAGE")];
  if (code === nothing || type === undefined) return { cause: "there is none on it" };
  return usage === "filesystem" ? { type } : { cause: `there is none on it, but "${type}"` };
}
