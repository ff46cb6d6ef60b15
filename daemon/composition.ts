/** Composition: every kind there is, and what each is made of. Nothing else of the daemon knows all kinds; their ports to each other lie in ports/. */

import { Changes } from "./core/changes";
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
import { imageSchema } from "./kinds/image/schema";
import { ImageService } from "./kinds/image/service";
import { InstanceBook } from "./kinds/instance/book";
import { GuestEvents } from "./kinds/instance/guest/events";
import { GuestGates } from "./kinds/instance/guest/gates";
import type { CustomVolumePort } from "./kinds/instance/home";
import { metricSources } from "./kinds/instance/inside/metric-sources";
import { sftpUpgrades } from "./kinds/instance/inside/sftp-routes";
import { SftpSessions } from "./kinds/instance/inside/sftp-sessions";
import { ContainerContexts } from "./kinds/instance/labels/contexts";
import { LxcfsKeeper } from "./kinds/instance/lxcfs/keeper";
import { instanceOfKey } from "./kinds/instance/record";
import { instanceRoutes } from "./kinds/instance/routes";
import { InstanceService } from "./kinds/instance/service";
import { instanceSchema } from "./kinds/instance/store";
import type { MetricSource } from "./kinds/metrics/home";
import { metricsPath, metricsRoutes } from "./kinds/metrics/routes";
import { MetricsService } from "./kinds/metrics/service";
import { Migrations } from "./kinds/migration/service";
import { networkForwardSchema } from "./kinds/network/forward/store";
import type { NetworkAcls, NicOwners } from "./kinds/network/home";
import { networkRoutes } from "./kinds/network/routes";
import { NetworkService } from "./kinds/network/service";
import { networkSchema } from "./kinds/network/store";
import type { AclNetworks } from "./kinds/network-acl/home";
import { networkAclRoutes } from "./kinds/network-acl/routes";
import { NetworkAclService } from "./kinds/network-acl/service";
import { networkAclSchema } from "./kinds/network-acl/store";
import { networkAddressSetRoutes } from "./kinds/network-address-set/routes";
import { NetworkAddressSetService } from "./kinds/network-address-set/service";
import { networkAddressSetSchema } from "./kinds/network-address-set/store";
import { DnsDoor } from "./kinds/network-zone/dns/door";
import type { ZoneNetworks } from "./kinds/network-zone/home";
import { networkZoneRoutes } from "./kinds/network-zone/routes";
import { NetworkZoneService } from "./kinds/network-zone/service";
import { networkZoneSchema } from "./kinds/network-zone/store";
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
import type { StoragePoolHome } from "./kinds/storage-pool/home";
import { OpenPools } from "./kinds/storage-pool/open-pools";
import { storagePoolRoutes } from "./kinds/storage-pool/routes";
import { StoragePoolService } from "./kinds/storage-pool/service";
import { storagePoolSchema } from "./kinds/storage-pool/store";
import { Volumes } from "./kinds/storage-pool/volumes";
import type { StorageVolumeHome, VolumeUsers } from "./kinds/storage-volume/home";
import { storageVolumeRoutes } from "./kinds/storage-volume/routes";
import { StorageVolumeService } from "./kinds/storage-volume/service";
import { volumeSnapshotRoutes } from "./kinds/storage-volume/snapshot/routes";
import { volumeSnapshotSchema } from "./kinds/storage-volume/snapshot/store";
import { storageVolumeSchema } from "./kinds/storage-volume/store";
import { warningRoutes } from "./kinds/warning/routes";
import type { Warnings } from "./kinds/warning/service";
import { warningSchema } from "./kinds/warning/store";
import { AppArmorProfiles } from "./platform/apparmor/profiles";
import { damageSchema } from "./platform/damage/store";
import type { Schema } from "./platform/database/database";
import type { ParentGroups } from "./platform/host/cgroups";
import type { Platform } from "./platform/platform";
import { ServerCertificate } from "./platform/tls/server-certificate";
import { customVolumes } from "./ports/custom-volumes";
import { daemonVolumes } from "./ports/daemon-volumes";
import { otherVolumes } from "./ports/other-volumes";
import { profileUsers } from "./ports/profile-users";
import { projectContents } from "./ports/project-contents";
import { volumeUsers } from "./ports/volume-users";
import { isCrashLeftover } from "./restored";

/** The tables of every kind. */
export const schemas: readonly Schema[] = [
  serverSchema,
  certificateSchema,
  projectSchema,
  profileSchema,
  storagePoolSchema,
  networkAddressSetSchema,
  networkAclSchema,
  networkZoneSchema,
  networkSchema,
  networkForwardSchema,
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
  readonly appArmor: AppArmorProfiles;
  readonly contexts: ContainerContexts;
  readonly seccompDir: string;
  readonly server: ServerService;
  readonly profiles: ProfileService;
  readonly storagePools: StoragePoolService;
  readonly volumes: Volumes;
  readonly storageVolumes: StorageVolumeService;
  readonly volumeUsers: VolumeUsers;
  readonly daemonVolumes: DaemonVolumePort;
  readonly otherVolumes: StorageVolumeHome["otherVolumes"];
  readonly setRootConfig: StorageVolumeHome["setRootConfig"];
  readonly volumeKeys: StoragePoolHome["volumeKeys"];
  readonly customVolumes: CustomVolumePort;
  readonly networks: NetworkService;
  readonly networkAcls: NetworkAclService & NetworkAcls;
  readonly aclNetworks: AclNetworks;
  readonly networkAddressSets: NetworkAddressSetService;
  readonly networkZones: NetworkZoneService;
  readonly zoneNetworks: ZoneNetworks;
  readonly dnsDoor: DnsDoor;
  readonly images: ImageService;
  readonly publisher: Publisher;
  readonly publishables: ImageHome["publishables"];
  readonly book: InstanceBook;
  readonly sftp: SftpSessions;
  readonly guestGates: GuestGates;
  readonly lxcfs: LxcfsKeeper;
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
  parts.appArmor = new AppArmorProfiles(as("apparmor"), ground.groups.name);
  parts.contexts = new ContainerContexts(ground.dirs);
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
  parts.dnsDoor = new DnsDoor(as("network-zone"), () => parts.networkZones.store);
  parts.doors = new Doors([parts.door, parts.metricsDoor]);
  parts.certificates = new CertificateService(as("certificate"));
  parts.isCrashLeftover = (file) => isCrashLeftover(parts.server, file);
  parts.profileUsers = profileUsers(parts);
  parts.nicOwners = nicOwners(parts);
  parts.projectContents = projectContents(parts);
  parts.volumeUsers = volumeUsers(parts);
  parts.daemonVolumes = daemonVolumes(parts);
  parts.otherVolumes = (pool, project) => otherVolumes(parts, pool, project);
  parts.setRootConfig = (instance, volumeConfig) => parts.book.change(instance, (now) => ({ ...now, volumeConfig }));
  parts.customVolumes = customVolumes(parts);
  parts.volumeKeys = (pool, { type, name }) =>
    type === "custom" ? parts.storageVolumes.store.configAt(pool, name) : {};
  parts.server = new ServerService(as("server"));
  parts.projects = new ProjectService(as("project"));
  parts.profiles = new ProfileService(as("profile"));
  const pools = new OpenPools(as("storage-pool"));
  parts.storagePools = new StoragePoolService(as("storage-pool"), pools);
  parts.volumes = new Volumes(as("storage-pool"), pools);
  parts.storageVolumes = new StorageVolumeService(as("storage-volume"));
  parts.networkAddressSets = new NetworkAddressSetService(as("network-address-set"));
  parts.networkAcls = new NetworkAclService(as("network-acl"));
  parts.aclNetworks = { change: (acls, change) => parts.networks.changeAcls(acls, change) };
  parts.zoneNetworks = zoneNetworks(parts);
  parts.networkZones = new NetworkZoneService(as("network-zone"));
  parts.networks = new NetworkService(as("network"));
  parts.images = new ImageService(as("image"));
  parts.publisher = new Publisher(as("image"), parts.images);
  parts.book = new InstanceBook(as("instance"));
  parts.sftp = new SftpSessions();
  parts.guestGates = new GuestGates(as("instance"));
  parts.lxcfs = new LxcfsKeeper(as("instance"));
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

const nicOwners = (parts: Parts): NicOwners => ({
  all: () => parts.book.uses(),
  isActive: (key) => parts.book.running.isActive(instanceOfKey(key)),
});

const zoneNetworks = (parts: Parts): ZoneNetworks => ({
  all: () => parts.networks.records(),
  leases: (network) => parts.networks.leases(network),
});

/** All that objects refer to, as they say it themselves. */
export const allReferences = ({
  book,
  networkAcls,
  networks,
  profiles,
  server,
  storageVolumes,
}: Parts): Reference[] => [
  ...book.references(),
  ...networkAcls.said(),
  ...networks.said(),
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
  ...networkAclRoutes(parts.networkAcls, parts.changes),
  ...networkAddressSetRoutes(parts.networkAddressSets, parts.changes),
  ...networkZoneRoutes(parts.networkZones, parts.changes),
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
