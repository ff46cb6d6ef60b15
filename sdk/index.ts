/** bothy/sdk: the typed client, the wire types and the errors. */
export * from "./api/backup";
export * from "./api/certificate";
export * from "./api/cluster-group";
export * from "./api/common";
export { ApiError, type ApiErrorOptions, type ErrorCode, errorCodes } from "./api/errors";
export * from "./api/event";
export * from "./api/image";
export * from "./api/instance";
export * from "./api/instance-metadata";
export * from "./api/migration";
export * from "./api/network";
export * from "./api/network-acl";
export type { NetworkAclRule } from "./api/network-acl-rule";
export * from "./api/network-address-set";
export * from "./api/network-forward";
export * from "./api/network-load-balancer";
export * from "./api/network-log";
export * from "./api/network-peer";
export * from "./api/network-zone";
export * from "./api/network-zone-record";
export * from "./api/operation";
export * from "./api/profile";
export * from "./api/project";
export * from "./api/resources";
export * from "./api/server";
export * from "./api/snapshot";
export * from "./api/stamp";
export * from "./api/storage-bucket";
export * from "./api/storage-pool";
export * from "./api/storage-volume";
export * from "./api/warning";
export { type Endpoint, endpointText, type HttpsEndpoint, type UnixEndpoint } from "./client/address";
export type { ImportBackupOptions } from "./client/backup";
export type { CallOptions, WriteOptions } from "./client/call-options";
export type { CertificateTokenShown } from "./client/certificate";
export { Client, type ClientOptions } from "./client/client";
export { isNobodyListening } from "./client/connection-error";
export type { ConsoleOptions, ConsoleSession } from "./client/console";
export { ensureDaemon, isLocalDefault, startDaemon } from "./client/daemon";
export { defaultEndpoint, localEndpoint, parseEndpoint } from "./client/endpoint";
export type { EventOptions } from "./client/event";
export type { ExecOptions, ExecOutput, ExecSession } from "./client/exec";
export type { File, FileInfo, PutFileOptions } from "./client/file";
export type { ImageFileOptions } from "./client/image";
export {
  PendingOperation,
  type Progress,
  progressOf,
  resourceNames,
  type WaitOptions,
} from "./client/pending-operation";
export type { ImportStorageVolumeOptions } from "./client/storage-volume-backup";
export type { Tagged } from "./client/wire";
export { type AddRemoteOptions, addRemote, trustByToken } from "./remote/add";
export { listRemotes, type Remote, removeRemote } from "./remote/file";
export type { Identity } from "./remote/identity";
export { addImageServer, type ImageServer, imageSource, listImageServers } from "./remote/image-server";
export { type LocalImage, parseLocalImage, sendLocalImage } from "./remote/local-image";
