/** bothy: machine containers as Pulumi resources. */
import "./node-version";

export { Backup, type BackupArgs } from "./dynamic/backup";
export { Certificate, type CertificateArgs } from "./dynamic/certificate";
export { ClusterGroup, type ClusterGroupArgs } from "./dynamic/cluster-group";
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
export { Device, type DeviceResourceArgs } from "./dynamic/device";
export { Exec, type ExecArgs } from "./dynamic/exec";
export { File, type FileArgs } from "./dynamic/file";
export { Image, type ImageArgs } from "./dynamic/image";
export { Network, type NetworkArgs } from "./dynamic/network";
export { NetworkAcl, type NetworkAclArgs, type NetworkAclRule, type NetworkAclRuleArgs } from "./dynamic/network-acl";
export { NetworkAddressSet, type NetworkAddressSetArgs } from "./dynamic/network-address-set";
export {
  NetworkForward,
  type NetworkForwardArgs,
  type NetworkForwardPort,
  type NetworkForwardPortArgs,
} from "./dynamic/network-forward";
export {
  NetworkLoadBalancer,
  type NetworkLoadBalancerArgs,
  type NetworkLoadBalancerBackend,
  type NetworkLoadBalancerBackendArgs,
  type NetworkLoadBalancerPort,
  type NetworkLoadBalancerPortArgs,
} from "./dynamic/network-load-balancer";
export { NetworkPeer, type NetworkPeerArgs } from "./dynamic/network-peer";
export { NetworkZone, type NetworkZoneArgs } from "./dynamic/network-zone";
export {
  NetworkZoneRecord,
  type NetworkZoneRecordArgs,
  type NetworkZoneRecordEntry,
  type NetworkZoneRecordEntryArgs,
} from "./dynamic/network-zone-record";
export { Profile, type ProfileArgs } from "./dynamic/profile";
export { Project, type ProjectArgs } from "./dynamic/project";
export type { DeviceArgs, Named, OptionValue, Reference } from "./dynamic/reference";
export type { CommonArgs, ConfigValue, TimeoutsArgs } from "./dynamic/resource";
export { ServerConfig, type ServerConfigArgs } from "./dynamic/server-config";
export { Snapshot, type SnapshotArgs } from "./dynamic/snapshot";
export { StorageBucket, type StorageBucketArgs } from "./dynamic/storage-bucket";
export { StorageBucketKey, type StorageBucketKeyArgs } from "./dynamic/storage-bucket-key";
export { StoragePool, type StoragePoolArgs } from "./dynamic/storage-pool";
export { StorageVolume, type StorageVolumeArgs } from "./dynamic/storage-volume";
export { TrustToken, type TrustTokenArgs } from "./dynamic/trust-token";
