/** Snapshots: instances as they were. */
export interface SnapshotService {
  /** Names of an instance's snapshots, oldest first. */
  names(instance: string): string[];
}
