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
  | "profile"
  | "project"
  | "server"
  | "storage-pool"
  | "warning";

export interface Ref {
  readonly kind: RefKind;
  readonly project: string;
  readonly name: string;
  /** The instance of a snapshot or a backup. */
  readonly parent?: string;
}

type Plain = Exclude<RefKind, "instance-backup" | "instance-snapshot">;

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

const collections: Readonly<Record<Plain, string>> = {
  certificate: "/1.0/certificates",
  image: "/1.0/images",
  "image-alias": "/1.0/images/aliases",
  instance: "/1.0/instances",
  network: "/1.0/networks",
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
  const part = kind === "image-alias" ? name.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(name);
  return `${collections[kind]}/${part}${query}`;
}

/** Path of what belongs to an object, such as its logs. */
export function urlBelow(object: Ref, below: string): string {
  const [path = "", query] = urlOf(object).split("?");
  return `${path}/${below}${query === undefined ? "" : `?${query}`}`;
}

/** What is locked while an object changes. A snapshot changes with its instance, and so does a backup. */
export const lockKeyOf = ({ kind, project, name, parent }: Ref): string =>
  kind === "instance-snapshot" || kind === "instance-backup"
    ? `instance/${project}/${parent}`
    : `${kind}/${project}/${name}`;

/** Name of an object's volume, control group and folders: with its project, where that is not the default one, as LXD has it. */
export const storageNameOf = ({ project, name, parent }: Ref): string => {
  const own = parent === undefined ? name : `${parent}/${name}`;
  return project === defaultProject ? own : `${project}_${own}`;
};
