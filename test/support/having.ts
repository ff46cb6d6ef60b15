/** Having: a container that runs with some keys for a while. */
import type { SharedDaemon } from "./shared-daemon";

/** What tests of keys do with one container of theirs. @param name of the container, which is stopped */
export function keysOf(shared: Pick<SharedDaemon, "client">, name: string) {
  const patch = (config: object) => shared.client.patchInstance(name, { config: config as Record<string, string> });
  const act = async (action: "start" | "stop"): Promise<void> => {
    await (await shared.client.setInstanceState(name, { action, force: true })).wait();
  };
  /** Runs work while the container runs with some keys, which it has no more after it. */
  const having = async (config: Record<string, string>, work: () => Promise<void>): Promise<void> => {
    await patch(config);
    await act("start");
    try {
      await work();
    } finally {
      await act("stop");
      await patch(Object.fromEntries(Object.keys(config).map((key) => [key, ""])));
    }
  };
  return { patch, act, having };
}
