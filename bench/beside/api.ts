/** Bothy by its API, as a runtime: requests as any program makes them. */
import type { Subject } from "../subject";
import type { Runtime } from "./runtime";

/** @param pool in which a stopped instance is made; it goes with the subject's others */
export async function byApi(subject: Subject, pool: string): Promise<Runtime> {
  const name = `beside-${pool}`;
  await subject.create(name, "small", pool);
  return {
    name: `bothy/${pool}`,
    start: () => subject.start(name),
    exec: () => subject.exec(name),
    stop: () => subject.forceStop(name),
    watcher: () => subject.watcherOf(name),
  };
}
