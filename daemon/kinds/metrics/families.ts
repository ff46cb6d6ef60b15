/** Families: the metrics with LXD's names, in LXD's order (docs/metrics.md). */

interface Family {
  readonly help: string;
  readonly type: "counter" | "gauge";
}

const gauge = (help: string): Family => ({ help, type: "gauge" });
const counter = (help: string): Family => ({ help, type: "counter" });

export const families = {
  lxd_cpu_seconds_total: counter("The total number of CPU time used in seconds."),
  lxd_filesystem_avail_bytes: gauge("The number of available space in bytes."),
  lxd_filesystem_free_bytes: gauge("The number of free space in bytes."),
  lxd_filesystem_size_bytes: gauge("The size of the filesystem in bytes."),
  lxd_memory_Active_anon_bytes: gauge("The amount of anonymous memory on active LRU list."),
  lxd_memory_Active_file_bytes: gauge("The amount of file-backed memory on active LRU list."),
  lxd_memory_Active_bytes: gauge("The amount of memory on active LRU list."),
  lxd_memory_Cached_bytes: gauge("The amount of cached memory."),
  lxd_memory_Dirty_bytes: gauge("The amount of memory waiting to get written back to the disk."),
  lxd_memory_Inactive_anon_bytes: gauge("The amount of anonymous memory on inactive LRU list."),
  lxd_memory_Inactive_file_bytes: gauge("The amount of file-backed memory on inactive LRU list."),
  lxd_memory_Inactive_bytes: gauge("The amount of memory on inactive LRU list."),
  lxd_memory_Mapped_bytes: gauge("The amount of mapped memory."),
  lxd_memory_MemAvailable_bytes: gauge("The amount of available memory."),
  lxd_memory_MemFree_bytes: gauge("The amount of free memory."),
  lxd_memory_MemTotal_bytes: gauge("The amount of memory that there is."),
  lxd_memory_RSS_bytes: gauge("The amount of anonymous and swap cache memory."),
  lxd_memory_Shmem_bytes: gauge("The amount of cached filesystem data that is swap-backed."),
  lxd_memory_Swap_bytes: gauge("The amount of used swap memory."),
  lxd_memory_Unevictable_bytes: gauge("The amount of unevictable memory."),
  lxd_memory_Writeback_bytes: gauge("The amount of memory queued for syncing to disk."),
  lxd_network_receive_bytes_total: counter("The amount of received bytes on a given interface."),
  lxd_network_receive_drop_total: counter("The amount of received dropped bytes on a given interface."),
  lxd_network_receive_errs_total: counter("The amount of received errors on a given interface."),
  lxd_network_receive_packets_total: counter("The amount of received packets on a given interface."),
  lxd_network_transmit_bytes_total: counter("The amount of transmitted bytes on a given interface."),
  lxd_network_transmit_drop_total: counter("The amount of transmitted dropped bytes on a given interface."),
  lxd_network_transmit_errs_total: counter("The amount of transmitted errors on a given interface."),
  lxd_network_transmit_packets_total: counter("The amount of transmitted packets on a given interface."),
  lxd_procs_total: gauge("The number of running processes."),
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

export interface Sample {
  readonly family: FamilyName;
  /** Besides name, project and type. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
