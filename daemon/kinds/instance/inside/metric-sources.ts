/** Metric sources: the running instances, as far as they are measured (daemon/kinds/metrics). */
import type { MetricSource } from "../../metrics/home";
import type { InstanceHome } from "../home";
import { type InstanceRecord, keyOf } from "../record";
import { volumeOf } from "../volume";

export function metricSources({
  book,
  groups,
  volumes,
}: Pick<InstanceHome, "book" | "groups" | "volumes">): MetricSource[] {
  return book.running.list().flatMap((instance) => {
    const running = book.running.get(instance);
    const record = book.find(instance);
    if (running === undefined || record === undefined) return [];
    const { pid, startTime } = running.cell;
    const { project, name } = record;
    return [{ project, name, pid, startTime, group: groups.of(keyOf(record)), filesystems: filesystems(record) }];
  });

  /** The root, and folders of the host: what else is mounted inside has no path of the host. */
  function filesystems(record: InstanceRecord): MetricSource["filesystems"] {
    const root = rootPath(record);
    const disks = Object.values(book.expanded(record).devices).flatMap(({ type, source, path, pool }) =>
      type === "disk" && path !== undefined && path !== "/" && pool === undefined && source?.startsWith("/")
        ? [{ device: source, mountpoint: path, hostPath: source }]
        : [],
    );
    return [...(root === undefined ? [] : [{ device: "", mountpoint: "/", hostPath: root }]), ...disks];
  }

  /** Nothing for a pool that is away. */
  function rootPath(record: InstanceRecord): string | undefined {
    try {
      const root = volumes.root(record.pool, volumeOf(record));
      return root.type === "dir" ? root.path : root.upper;
    } catch {
      return undefined;
    }
  }
}
