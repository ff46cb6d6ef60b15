/** bothy: machine containers as Pulumi resources. */
import "./node-version";

export { Certificate, type CertificateArgs } from "./dynamic/certificate";
export type {
  DeviceType,
  InstanceConfig,
  InstanceConfigKey,
  NetworkConfig,
  NetworkConfigKey,
  NetworkForwardConfig,
  NetworkForwardConfigKey,
  NetworkZoneConfig,
  NetworkZoneConfigKey,
  ProjectConfig,
  ProjectConfigKey,
  ServerSettings,
  ServerSettingsKey,
  StoragePoolConfig,
  StoragePoolConfigKey,
  StorageVolumeConfig,
  StorageVolumeConfigKey,
} from "./dynamic/config-keys";
export {
  Container,
  type ContainerArgs,
  type ContainerCloudInitArgs,
  type ContainerDiskArgs,
  type ContainerFileArgs,
  type ContainerInterface,
  type ContainerLimitsArgs,
  type ContainerMountArgs,
  type ContainerNicArgs,
  type ContainerPortArgs,
  type ContainerSourceArgs,
  type ContainerWaitArgs,
  type ContainerWaitConditionArgs,
} from "./dynamic/container";
export { Exec, type ExecArgs } from "./dynamic/exec";
export { File, type FileArgs } from "./dynamic/file";
export { Image, type ImageArgs } from "./dynamic/image";
export { Network, type NetworkArgs } from "./dynamic/network";
export { NetworkAcl, type NetworkAclArgs, type NetworkAclRule, type NetworkAclRuleArgs } from "./dynamic/network-acl";
export {
  NetworkForward,
  type NetworkForwardArgs,
  type NetworkForwardPort,
  type NetworkForwardPortArgs,
} from "./dynamic/network-forward";
export { NetworkZone, type NetworkZoneArgs } from "./dynamic/network-zone";
export {
  NetworkZoneRecord,
  type NetworkZoneRecordArgs,
  type NetworkZoneRecordEntry,
  type NetworkZoneRecordEntryArgs,
} from "./dynamic/network-zone-record";
export { Profile, type ProfileArgs } from "./dynamic/profile";
export { Project, type ProjectArgs } from "./dynamic/project";
export type { DeviceArgs, Named, Reference } from "./dynamic/reference";
export type { CommonArgs, ConfigValue, TimeoutsArgs } from "./dynamic/resource";
export { ServerConfig, type ServerConfigArgs } from "./dynamic/server-config";
export { Snapshot, type SnapshotArgs } from "./dynamic/snapshot";
export { StoragePool, type StoragePoolArgs } from "./dynamic/storage-pool";
export { StorageVolume, type StorageVolumeArgs } from "./dynamic/storage-volume";
export { TrustToken, type TrustTokenArgs } from "./dynamic/trust-token";
