/** Home of the metrics: the control groups, and what they ask of instances and of the server. */
import type { ParentGroups } from "../../platform/host/cgroups";

/** A running instance, as far as it is measured. */
export interface MetricSource {
  readonly project: string;
  readonly name: string;
  /** Its first process on the host, safe against reuse of its pid by the start time (field 22 of /proc/PID/stat). */
  readonly pid: number;
  readonly startTime: number;
  /** Its control group, below each mount point. */
  readonly group: string;
  readonly filesystems: readonly {
    /** As LXD says it: the source of the disk; "" for the root. */
    readonly device: string;
    readonly mountpoint: string;
    readonly hostPath: string;
  }[];
}

export interface MetricsHome {
  readonly groups: ParentGroups;
  readonly metricSources: () => readonly MetricSource[];
  readonly server: {
    /** Whether metrics are for trusted clients alone (core.metrics_authentication). */
    readonly guardsMetrics: boolean;
  };
}
