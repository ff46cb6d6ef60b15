/** Composition: every kind there is, what each is made of, and its ports to the others. Nothing else of the daemon knows all kinds. */

import { type Devices, epoch } from "../sdk/api/common";
import type { VolumePath } from "../sdk/api/config/values";
import { isVolume } from "../sdk/api/devices/disk";
import { badRequest } from "../sdk/api/errors";
import { defaultProject } from "./core/call";
import { Changes } from "./core/changes";
import { lockKeyOf, type Ref, ref, snapshotRef, urlOf, volumeRef } from "./core/ref";
import { withVolumeMoved } from "./core/references/devices";
import { References } from "./core/references/references";
import { type Reference, referenceSchema } from "./core/references/store";
import type { Trust } from "./core/trust";
import { Doors } from "./http/doors";
import { NetworkDoor } from "./http/network-door";
import type { Route, UpgradeRoute } from "./http/route";
import { importBackup } from "./kinds/backup/import";
import { BackupFiles } from "./kinds/backup/recover/files";
import { recoverRoutes } from "./kinds/backup/recover/routes";
import { backupRoutes } from "./kinds/backup/routes";
import { BackupService } from "./kinds/backup/service";
import { backupSchema } from "./kinds/backup/store";
import { importVolumeBackup } from "./kinds/backup/volume/import";
import { volumeBackupRoutes } from "./kinds/backup/volume/routes";
import { VolumeBackupService } from "./kinds/backup/volume/service";
import { volumeBackupSchema } from "./kinds/backup/volume/store";
import { certificateRoutes } from "./kinds/certificate/routes";
import { CertificateService } from "./kinds/certificate/service";
import { certificateSchema } from "./kinds/certificate/store";
import { eventUpgrades } from "./kinds/event/routes";
import type { ImageHome } from "./kinds/image/home";
import { Publisher } from "./kinds/image/publish";
import { imageRoutes } from "./kinds/image/routes";
import { ImageService } from "./kinds/image/service";
import { imageSchema } from "./kinds/image/store";
import { InstanceBook } from "./kinds/instance/book";
import { checkProfile, followProfile, renameInUsers } from "./kinds/instance/change/profile-users";
import { replaceDevices, runningUsersOf, whileAllStill } from "./kinds/instance/change/volume-users";
import { GuestEvents } from "./kinds/instance/guest/events";
import { GuestGates } from "./kinds/instance/guest/gates";
import type { CustomVolumePort } from "./kinds/instance/home";
import { metricSources } from "./kinds/instance/inside/metric-sources";
import { sftpUpgrades } from "./kinds/instance/inside/sftp-routes";
import { SftpSessions } from "./kinds/instance/inside/sftp-sessions";
import { instanceOfKey, instanceRef } from "./kinds/instance/record";
import { instanceRoutes } from "./kinds/instance/routes";
import { InstanceService } from "./kinds/instance/service";
import { instanceSchema } from "./kinds/instance/store";
import type { MetricSource } from "./kinds/metrics/home";
import { metricsPath, metricsRoutes } from "./kinds/metrics/routes";
import { MetricsService } from "./kinds/metrics/service";
import { Migrations } from "./kinds/migration/service";
import type { NicOwners } from "./kinds/network/home";
import { networkRoutes } from "./kinds/network/routes";
import { NetworkService } from "./kinds/network/service";
import { networkSchema } from "./kinds/network/store";
import { operationRoutes, operationUpgrades } from "./kinds/operation/routes";
import type { ProfileUsers } from "./kinds/profile/home";
import { profileRoutes } from "./kinds/profile/routes";
import { ProfileService } from "./kinds/profile/service";
import { profileSchema } from "./kinds/profile/store";
import type { ProjectContents } from "./kinds/project/home";
import { projectRoutes } from "./kinds/project/routes";
import { ProjectService } from "./kinds/project/service";
import { projectSchema } from "./kinds/project/store";
import { resourcesRoutes } from "./kinds/resources/routes";
import type { DaemonVolumePort } from "./kinds/server/home";
import { serverRoutes } from "./kinds/server/routes";
import { ServerService } from "./kinds/server/service";
import type { Shutdown } from "./kinds/server/shutdown";
import { serverSchema } from "./kinds/server/store";
import { publishables } from "./kinds/snapshot/publishables";
import { snapshotRoutes } from "./kinds/snapshot/routes";
import { SnapshotService } from "./kinds/snapshot/service";
import { snapshotSchema } from "./kinds/snapshot/store";
import { OpenPools } from "./kinds/storage-pool/open-pools";
import { storagePoolRoutes } from "./kinds/storage-pool/routes";
import { StoragePoolService } from "./kinds/storage-pool/service";
import { storagePoolSchema } from "./kinds/storage-pool/store";
import { Volumes } from "./kinds/storage-pool/volumes";
import type { OtherVolume, StorageVolumeHome, VolumeUsers } from "./kinds/storage-volume/home";
import { isUnmapped, refOf, volumeOf } from "./kinds/storage-volume/record";
import { storageVolumeRoutes } from "./kinds/storage-volume/routes";
import { StorageVolumeService } from "./kinds/storage-volume/service";
import { volumeSnapshotRoutes } from "./kinds/storage-volume/snapshot/routes";
import { volumeSnapshotSchema } from "./kinds/storage-volume/snapshot/store";
import { storageVolumeSchema } from "./kinds/storage-volume/store";
import { warningRoutes } from "./kinds/warning/routes";
import type { Warnings } from "./kinds/warning/service";
import { warningSchema } from "./kinds/warning/store";
import { damageSchema } from "./platform/damage/store";
import type { Schema } from "./platform/database/database";
import type { ParentGroups } from "./platform/host/cgroups";
import type { Platform } from "./platform/platform";
import { ServerCertificate } from "./platform/tls/server-certificate";
import { isCrashLeftover } from "./restored";

/** The tables of every kind. */
export const schemas: readonly Schema[] = [
  serverSchema,
  certificateSchema,
  projectSchema,
  profileSchema,
  storagePoolSchema,
  networkSchema,
  imageSchema,
  instanceSchema,
  snapshotSchema,
  storageVolumeSchema,
  volumeSnapshotSchema,
  backupSchema,
  volumeBackupSchema,
  warningSchema,
  damageSchema,
  referenceSchema,
];

/** All that a running daemon is made of. Each kind sees the part of it that its home.ts names. */
export interface Parts extends Platform {
  readonly warnings: Warnings;
  readonly changes: Changes;
  /** The server's own. */
  readonly certificate: ServerCertificate;
  readonly door: NetworkDoor;
  readonly metricsDoor: NetworkDoor;
  readonly doors: Doors;
  readonly certificates: CertificateService;
  readonly projects: ProjectService;
  readonly projectContents: ProjectContents;
  readonly references: References;
  readonly groups: ParentGroups;
  readonly seccompDir: string;
  readonly server: ServerService;
  readonly profiles: ProfileService;
  readonly storagePools: StoragePoolService;
  readonly volumes: Volumes;
  readonly storageVolumes: StorageVolumeService;
  readonly volumeUsers: VolumeUsers;
  readonly daemonVolumes: DaemonVolumePort;
  readonly otherVolumes: StorageVolumeHome["otherVolumes"];
  readonly customVolumes: CustomVolumePort;
  readonly networks: NetworkService;
  readonly images: ImageService;
  readonly publisher: Publisher;
  readonly publishables: ImageHome["publishables"];
  readonly book: InstanceBook;
  readonly sftp: SftpSessions;
  readonly guestGates: GuestGates;
  readonly guestEvents: GuestEvents;
  readonly instances: InstanceService;
  readonly snapshots: SnapshotService;
  readonly metrics: MetricsService;
  readonly metricSources: () => readonly MetricSource[];
  readonly backups: BackupService;
  readonly migrations: Migrations;
  readonly volumeBackups: VolumeBackupService;
  readonly backupFiles: BackupFiles;
  readonly profileUsers: ProfileUsers;
  readonly nicOwners: NicOwners;
  readonly isCrashLeftover: (file: string) => Promise<boolean>;
}

/** What the parts stand on. */
export interface Ground extends Platform {
  readonly warnings: Warnings;
  readonly groups: ParentGroups;
  readonly seccompDir: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Makes every kind's service. Ports are asked when all are made, so that two kinds may need each other. */
export function makeParts(ground: Ground): Parts {
  const parts = {
    ...ground,
    changes: new Changes(ground),
    references: new References(ground.database),
  } as Mutable<Parts>;
  /** What a kind sees: all parts, and a log in its own name. */
  const as = (module: string): Parts => Object.create(parts, { log: { value: parts.log.of(module) } });
  parts.certificate = new ServerCertificate(as("certificate"));
  const trust: Trust = {
    rightsOf: (client) => parts.certificates.rightsOf(client),
    metricsOf: (client) => parts.certificates.metricsOf(client),
    isStored: (client) => parts.certificates.isStored(client),
    isProxy: (address) => parts.server.isProxy(address),
    get trustsSigned() {
      return parts.server.trustsSigned;
    },
  };
  parts.door = new NetworkDoor(parts.certificate, trust);
  parts.metricsDoor = new NetworkDoor(parts.certificate, trust, undefined, {
    key: "core.metrics_address",
    only: new Set([metricsPath]),
  });
  parts.doors = new Doors([parts.door, parts.metricsDoor]);
  parts.certificates = new CertificateService(as("certificate"));
  parts.isCrashLeftover = (file) => isCrashLeftover(parts.server, file);
  parts.profileUsers = profileUsers(parts);
  parts.nicOwners = nicOwners(parts);
  parts.projectContents = projectContents(parts);
  parts.volumeUsers = volumeUsers(parts);
  parts.daemonVolumes = daemonVolumes(parts);
  parts.otherVolumes = (pool, project) => otherVolumes(parts, pool, project);
  parts.customVolumes = customVolumes(parts);
  parts.server = new ServerService(as("server"));
  parts.projects = new ProjectService(as("project"));
  parts.profiles = new ProfileService(as("profile"));
  const pools = new OpenPools(as("storage-pool"));
  parts.storagePools = new StoragePoolService(as("storage-pool"), pools);
  parts.volumes = new Volumes(as("storage-pool"), pools);
  parts.storageVolumes = new StorageVolumeService(as("storage-volume"));
  parts.networks = new NetworkService(as("network"));
  parts.images = new ImageService(as("image"));
  parts.publisher = new Publisher(as("image"), parts.images);
  parts.book = new InstanceBook(as("instance"));
  parts.sftp = new SftpSessions();
  parts.guestGates = new GuestGates(as("instance"));
  parts.guestEvents = new GuestEvents();
  parts.instances = new InstanceService(as("instance"));
  parts.snapshots = new SnapshotService(as("snapshot"));
  parts.metricSources = () => metricSources(parts);
  parts.metrics = new MetricsService(as("metrics"));
  parts.backups = new BackupService(as("backup"));
  parts.migrations = new Migrations(as("migration"));
  parts.volumeBackups = new VolumeBackupService(as("backup"));
  parts.backupFiles = new BackupFiles(as("backup"));
  parts.publishables = publishables(parts, parts.snapshots);
  return parts;
}

const profileUsers = (parts: Parts): ProfileUsers => ({
  check: (after) => checkProfile(parts, after),
  changed: (profile) => {
    for (const user of parts.book.usersOfProfile(profile)) parts.book.store.referAgain(user);
  },
  follow: (before) => followProfile(parts, parts.instances.lifecycle, before, before),
  renamed: (from, to) => {
    renameInUsers(parts, from, to);
    parts.snapshots.followProfile(from, to);
    parts.images.followProfile(from, to);
  },
  deleted: (profile) => {
    parts.snapshots.followProfile(profile, undefined);
    parts.images.followProfile(profile, undefined);
  },
});

/** Whether the daemon itself keeps something in a volume. */
const isOfDaemon = (parts: Parts, volume: Ref): boolean =>
  parts.references.to(volume).some(({ kind }) => kind === "server");

const daemonVolumes = (parts: Parts): DaemonVolumePort => {
  const idOf = ({ pool, name }: VolumePath) => ({ project: defaultProject, pool, name });
  return {
    requireFree: (volume) => {
      const found = parts.storageVolumes.record(idOf(volume));
      if (found.contentType !== "filesystem")
        throw badRequest(
          `Cannot use volume "${volume.name}": it holds blocks. Choose one of the content type filesystem.`,
        );
      if (parts.references.to(refOf(found)).some(({ kind }) => kind !== "server"))
        throw badRequest(`Cannot use volume "${volume.name}": The storage volume is still in use. Choose another one.`);
    },
    requireUsable: (volume) => parts.storageVolumes.requireUsable(idOf(volume)),
    pathOf: (volume) => parts.storageVolumes.pathOf(idOf(volume)),
  };
};

const volumeUsers = (parts: Parts): VolumeUsers => ({
  isRunning: (volume) =>
    isOfDaemon(parts, refOf(volume)) || runningUsersOf(parts.references, parts.book, refOf(volume)).length > 0,
  whileStill: (volume, work) =>
    whileAllStill(parts.instances.lifecycle, runningUsersOf(parts.references, parts.book, refOf(volume)), work),
  moved: (from, to) => {
    const users = parts.references.to(refOf(from));
    const next = (devices: Devices) => withVolumeMoved(devices, from, to);
    for (const user of users.filter(({ kind }) => kind === "profile")) parts.profiles.replaceDevices(user, next);
    replaceDevices(parts.book, users, next);
  },
});

/** Volumes that are made with what they are for. */
function otherVolumes(parts: Parts, pool: string, project: string | undefined): OtherVolume[] {
  const roots = parts.book.store
    .list()
    .filter((record) => record.pool === pool && (project === undefined || record.project === project))
    .flatMap((record) => [
      { name: record.name, createdAt: record.createdAt, owner: instanceRef(record) },
      ...parts.snapshots.list(record).map(({ name, created_at: createdAt }) => ({
        name: `${record.name}/${name}`,
        createdAt,
        owner: snapshotRef(record.name, name, record.project),
      })),
    ])
    .map((root): OtherVolume => ({ ...root, type: "container", project: root.owner.project, description: "" }));
  const held = new Set(parts.storagePools.imagesIn(pool));
  const home = project === undefined ? undefined : parts.projects.homeOf("images", project);
  const images = parts.images
    .ids()
    .filter((image) => held.has(image.fingerprint) && (home === undefined || image.project === home))
    .map(({ project: own, fingerprint }): OtherVolume => {
      const owner = ref("image", fingerprint, own);
      return { type: "image", project: own, name: fingerprint, description: "", createdAt: epoch, owner };
    });
  return [...roots, ...images];
}

const customVolumes = (parts: Parts): CustomVolumePort => ({
  find: (project, pool, name) => {
    const volume = parts.storageVolumes.find(parts.storageVolumes.idFor(project, pool, name));
    return (
      volume && {
        contentType: volume.contentType,
        isUnmapped: isUnmapped(volume),
        isOfDaemon: isOfDaemon(parts, refOf(volume)),
      }
    );
  },
  pathOf: (project, pool, name) => parts.storageVolumes.pathOf(parts.storageVolumes.idFor(project, pool, name)),
  requireUsable: (project, pool, name) =>
    parts.storageVolumes.requireUsable(parts.storageVolumes.idFor(project, pool, name)),
  mustStayWhole: (project, pool, name) =>
    parts.volumes.mustStayWhole(pool, volumeOf(parts.storageVolumes.idFor(project, pool, name))),
  whileHeld: (project, devices, work) => {
    const keys = () =>
      Object.values(devices())
        .filter((device) => device.type === "disk" && isVolume(device))
        .map(({ pool = "", source = "" }) => lockKeyOf(refOf(parts.storageVolumes.idFor(project, pool, source))));
    return parts.locks.runAllOf(keys, work);
  },
});

const projectContents = (parts: Parts): ProjectContents => ({
  instances: (project, next) => parts.book.expandedOf(project, next),
  profiles: (project) => parts.profiles.records(project),
  urls: (project) => {
    const isIn = (one: { readonly project: string }) => one.project === project;
    const instances = parts.book.store.ids().filter(isIn);
    const images = parts.images.ids().filter(isIn);
    const volumes = parts.storageVolumes.store.ids().filter(isIn);
    // Networks are the default project's.
    const networks = project === defaultProject ? parts.networks.records() : [];
    return [
      ...instances.map(({ name }) => ref("instance", name, project)),
      ...parts.profiles.records(project).map(({ name }) => ref("profile", name, project)),
      ...images.map(({ fingerprint }) => ref("image", fingerprint, project)),
      ...volumes.map(({ pool, name }) => volumeRef(pool, name, project)),
      ...networks.map(({ name }) => ref("network", name)),
    ].map(urlOf);
  },
  projects: () =>
    new Set(
      [
        ...parts.book.store.ids(),
        ...parts.profiles.records(),
        ...parts.images.ids(),
        ...parts.storageVolumes.store.ids(),
      ].map(({ project }) => project),
    ),
  addDefaultProfile: (project) => parts.profiles.addDefault(project),
  removeDefaultProfile: (project) => parts.profiles.removeDefault(project),
  projectRenamed: (from, to) => {
    parts.profiles.projectRenamed(from, to);
    parts.certificates.projectRenamed(from, to);
  },
  projectDeleted: (project) => {
    parts.profiles.removeDefault(project);
    parts.certificates.projectDeleted(project);
  },
});

const nicOwners = (parts: Parts): NicOwners => ({
  all: () => parts.book.uses(),
  isActive: (key) => parts.book.running.isActive(instanceOfKey(key)),
});

/** All that objects refer to, as they say it themselves. */
export const allReferences = ({ book, profiles, server, storageVolumes }: Parts): Reference[] => [
  ...book.references(),
  ...profiles.said(),
  ...storageVolumes.said(),
  ...server.said(),
];

/** The whole API. */
export const routesOf = (parts: Parts, shutdown: Shutdown): readonly Route[] => [
  ...serverRoutes(parts.server, parts.changes, shutdown),
  ...certificateRoutes(parts.certificates, parts.changes),
  ...resourcesRoutes,
  ...metricsRoutes(parts.metrics),
  ...operationRoutes(parts.operations),
  ...warningRoutes(parts.warnings, parts.changes),
  ...projectRoutes(parts.projects, parts.changes),
  ...profileRoutes(parts.profiles, parts.changes),
  ...storagePoolRoutes(parts.storagePools, parts.changes),
  ...storageVolumeRoutes(parts.storageVolumes, (request) => importVolumeBackup(parts, request)),
  ...volumeSnapshotRoutes(parts.storageVolumes),
  ...networkRoutes(parts.networks, parts.changes),
  ...imageRoutes(parts.images, parts.publisher, parts.changes, parts.dirs),
  ...instanceRoutes(parts.instances, parts.snapshots, (request) => importBackup(parts, request)),
  ...snapshotRoutes(parts.snapshots, parts),
  ...backupRoutes(parts.backups),
  ...volumeBackupRoutes(parts.volumeBackups),
  ...recoverRoutes(parts),
];

export const upgradesOf = (parts: Parts): readonly UpgradeRoute[] => [
  ...eventUpgrades(parts.events),
  ...operationUpgrades(parts.operations),
  ...sftpUpgrades(parts),
];
