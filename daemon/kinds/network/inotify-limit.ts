/**
 * Limit of inotify: each dnsmasq watches its folders of hosts by an instance of its own, of which the kernel gives a user 128 (inotify(7)). Without one
 * it does not start, so the 128th network would be the last.
 */
import { readFile, writeFile } from "node:fs/promises";
import { type ApiError, internal } from "../../../sdk/api/errors";
import { toApiError } from "../../platform/errors";
import type { Log } from "../../platform/log";

const file = "/proc/sys/fs/inotify/max_user_instances";
/** LXD's documents ask for more on hosts with many containers; nobody has so many networks. */
const mostInstances = 65_536;

export interface Limit {
  read(): Promise<number>;
  /** @throws Error of the file system */
  write(instances: number): Promise<void>;
}

const ofHost: Limit = {
  read: async () => Number(await readFile(file, "utf8")),
  write: (instances) => writeFile(file, String(instances)),
};

/** dnsmasq's words for it; strerror(3) of EMFILE. */
const isShort = (error: unknown): boolean => /inotify: Too many open files/.test(toApiError(error).message);

/**
 * Runs the work, which starts dnsmasq, and once more with twice as many instances as often as it fails for want of one. The limit is the whole
 * host's: it is raised when that is needed, and stays.
 * @throws ApiError INTERNAL that says what to set, where it cannot be set from here
 */
export async function withEnoughInotify(log: Log, work: () => Promise<unknown>, limit: Limit = ofHost): Promise<void> {
  for (;;) {
    const before = await limit.read();
    try {
      await work();
      return;
    } catch (error) {
      if (!isShort(error) || before >= mostInstances) throw error;
      await raise(limit, before, error);
      log.info("Raised the host's limit of inotify instances, of which dnsmasq needs one for each network", {
        file,
        before,
        now: await limit.read(),
      });
    }
  }
}

/** Another network may have raised it meanwhile. */
async function raise(limit: Limit, before: number, cause: unknown): Promise<void> {
  if ((await limit.read()) > before) return;
  try {
    await limit.write(Math.min(before * 2, mostInstances));
  } catch (error) {
    throw tooFew(before, error, cause);
  }
}

const tooFew = (before: number, error: unknown, cause: unknown): ApiError =>
  internal(
    `Cannot start dnsmasq: this host lets a user have ${before} inotify instances, and it needs one for each network; the limit cannot be raised from here: ${(error as Error).message}. Set fs.inotify.max_user_instances to ${before * 2} or more.`,
    { cause },
  );
