/**
 * Ref: which object is meant, and every name that follows from that: its URL, its lock, its volume, its control group and folders.
 * Nothing else makes these names.
 */
import { defaultProject } from "./call";

export type RefKind =
  | "certificate"
  | "image"
  | "image-alias"
  | "instance"
  | "instance-backup"
  | "instance-snapshot"
  | "network"
  | "network-acl"
  | "network-address-set"
  | "network-forward"
  | "network-zone"
  | "network-zone-record"
  | "profile"
  | "project"
  | "server"
  | "storage-pool"
  | "storage-volume"
  | "storage-volume-backup"
  | "storage-volume-snapshot"
  | "warning";

export interface Ref {
  readonly kind: RefKind;
  readonly project: string;
  readonly name: string;
  /**
   * What it is of: the instance of a snapshot or a backup, the pool of a volume, "pool/volume" of a volume's snapshot or backup, the network of a
   * forward, the zone of a record.
   */
  readonly parent?: string;
}

type VolumeKind = "storage-volume" | "storage-volume-backup" | "storage-volume-snapshot";
type NetworkPart = "network-forward" | "network-zone-record";
type Plain = Exclude<RefKind, "instance-backup" | "instance-snapshot" | VolumeKind | NetworkPart>;

/** @param project the default one when absent */
export const ref = (kind: Plain, name: string, project = defaultProject): Ref => ({ kind, project, name });

export const snapshotRef = (instance: string, name: string, project = defaultProject): Ref => ({
  kind: "instance-snapshot",
  project,
  name,
  parent: instance,
});

export const backupRef = (instance: string, name: string, project = defaultProject): Ref => ({
  kind: "instance-backup",
  project,
  name,
  parent: instance,
});

/** A custom volume: names count within a project and a pool. */
export const volumeRef = (pool: string, name: string, project = defaultProject): Ref => ({
  kind: "storage-volume",
  project,
  name,
  parent: pool,
});

export const volumeSnapshotRef = (pool: string, volume: string, name: string, project = defaultProject): Ref => ({
  kind: "storage-volume-snapshot",
  project,
  name,
  parent: `${pool}/${volume}`,
});

export const volumeBackupRef = (pool: string, volume: string, name: string, project = defaultProject): Ref => ({
  kind: "storage-volume-backup",
  project,
  name,
  parent: `${pool}/${volume}`,
});

/** @param address that it listens on, as it is stored */
export const forwardRef = (network: string, address: string): Ref => ({
  kind: "network-forward",
  project: defaultProject,
  name: address,
  parent: network,
});

export const zoneRecordRef = (zone: string, name: string): Ref => ({
  kind: "network-zone-record",
  project: defaultProject,
  name,
  parent: zone,
});

const collections: Readonly<Record<Plain, string>> = {
  certificate: "/1.0/certificates",
  image: "/1.0/images",
  "image-alias": "/1.0/images/aliases",
  instance: "/1.0/instances",
  network: "/1.0/networks",
  "network-acl": "/1.0/network-acls",
  "network-address-set": "/1.0/network-address-sets",
  "network-zone": "/1.0/network-zones",
  profile: "/1.0/profiles",
  project: "/1.0/projects",
  server: "/1.0",
  "storage-pool": "/1.0/storage-pools",
  warning: "/1.0/warnings",
};

/** Path and, where it is not the default one, project of an object, as LXD's events and `used_by` have it. */
export function urlOf({ kind, project, name, parent = "" }: Ref): string {
  const query = project === defaultProject ? "" : `?project=${encodeURIComponent(project)}`;
  if (kind === "server") return collections.server;
  if (kind === "instance-snapshot" || kind === "instance-backup") {
    const below = kind === "instance-backup" ? "backups" : "snapshots";
    return `${collections.instance}/${parent}/${below}/${encodeURIComponent(name)}${query}`;
  }
  if (kind === "network-forward")
    return `${collections.network}/${encodeURIComponent(parent)}/forwards/${encodeURIComponent(name).replaceAll("%3A", ":")}`;
  if (kind === "network-zone-record")
    return `${collections["network-zone"]}/${encodeURIComponent(parent)}/records/${encodeURIComponent(name)}`;
  if (kind === "storage-volume" || kind === "storage-volume-snapshot" || kind === "storage-volume-backup")
    return `${volumePath(parent, name, kind === "storage-volume-backup" ? "backups" : "snapshots")}${query}`;
  const part = kind === "image-alias" ? name.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(name);
  return `${collections[kind]}/${part}${query}`;
}

/** Path of a custom volume, or of a snapshot or backup of one. Neither a pool nor a volume has a slash in its name. */
function volumePath(parent: string, name: string, below: "backups" | "snapshots"): string {
  const [pool = "", volume] = parent.split("/");
  const [own, part] = volume === undefined ? [name] : [volume, name];
  const path = `${collections["storage-pool"]}/${encodeURIComponent(pool)}/volumes/custom/${encodeURIComponent(own)}`;
  return part === undefined ? path : `${path}/${below}/${encodeURIComponent(part)}`;
}

/** Path of what belongs to an object, such as its logs. */
export function urlBelow(object: Ref, below: string): string {
  const [path = "", query] = urlOf(object).split("?");
  return `${path}/${below}${query === undefined ? "" : `?${query}`}`;
}

/** What is locked while an object changes. Snapshots, backups, forwards and records change with what they are of. */
export function lockKeyOf({ kind, project, name, parent }: Ref): string {
  switch (kind) {
    case "instance-backup":
    case "instance-snapshot":
      return `instance/${project}/${parent}`;
    case "network-forward":
      return `network/${project}/${parent}`;
    case "network-zone-record":
      return `network-zone/${project}/${parent}`;
    case "storage-volume":
      return `storage-volume/${project}/${parent}/${name}`;
    case "storage-volume-backup":
    case "storage-volume-snapshot":
      return `storage-volume/${project}/${parent}`;
    default:
      return `${kind}/${project}/${name}`;
  }
}

/**
 * What is locked while volumes of an object are read without the object's own lock, and while they are taken away, moved or put back. It sorts before
 * every lock of an object, so that whoever waits for it holds none of these (Locks.runAll).
 */
export const contentKeyOf = (ref: Ref): string => `content/${lockKeyOf(ref)}`;

/** Name of an object's volume, control group and folders: with its project, where that is not the default one, as LXD has it. */
export const storageNameOf = ({ project, name, parent }: Ref): string => {
  const own = parent === undefined ? name : `${parent}/${name}`;
  return project === defaultProject ? own : `${project}_${own}`;
};

/** Name of a custom volume in its pool: with its project, whichever that is, as LXD has it. @param snapshot of the volume */
export const customVolumeName = ({ project, name }: Pick<Ref, "project" | "name">, snapshot?: string): string =>
  snapshot === undefined ? `${project}_${name}` : `${project}_${name}/${snapshot}`;
