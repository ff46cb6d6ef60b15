/** Labels: what files of containers are labelled with on a host whose SELinux knows them; nothing happens elsewhere. */
import { writeFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { run } from "../processes/run";
import { fileContext, parseContext } from "./context";
import { type SELinuxSupport, selinuxSupport, selinuxTypes } from "./support";

let support: SELinuxSupport | undefined;

/** Of this host, as it was when it was first asked. */
export function hostSELinux(): SELinuxSupport {
  support ??= selinuxSupport();
  return support;
}

/** What the kernel asks what a thread makes next by. */
const creating = "/proc/thread-self/attr/fscreate";

/** Makes files for a container to see. @param make must be done when it returns: the kernel knows it by the thread */
export function madeForContainers<T>(make: () => T): T {
  if (!hostSELinux().works) return make();
  writeFileSync(creating, fileContext(selinuxTypes.files));
  try {
    return make();
  } finally {
    writeFileSync(creating, "\n");
  }
}

/**
 * Sees that containers may use what is in a folder. What is made in it later has the folder's label, so all of it is walked through once, when the folder itself has another.
 * @param folder of a pool, or of a volume with a file system of its own
 */
export async function labelFolder(folder: string): Promise<void> {
  if (!hostSELinux().works) return;
  const root = await realpath(folder);
  const { stdout } = await run("stat", ["--format=%C", "--", root]);
  if (parseContext(stdout.trim())?.type === selinuxTypes.files) return;
  // What is read-only, as snapshots of btrfs, stays as it is.
  const words = ["--recursive", "--no-dereference", fileContext(selinuxTypes.files), "--", root];
  await run("chcon", words, { accept: [0, 1] });
}
