/**
 * gRPC: the protocol files of @pulumi/pulumi with the copies of gRPC and protobuf that these were made for. They are asked of that package's
 * own folder: another copy's messages would not be taken for messages.
 */
import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type * as EngineServices from "@pulumi/pulumi/proto/engine_grpc_pb";
import type * as EngineMessages from "@pulumi/pulumi/proto/engine_pb";
import type * as PluginMessages from "@pulumi/pulumi/proto/plugin_pb";
import type * as Services from "@pulumi/pulumi/proto/provider_grpc_pb";
import type * as Messages from "@pulumi/pulumi/proto/provider_pb";
import type * as AnyFile from "google-protobuf/google/protobuf/any_pb";
import type * as EmptyFile from "google-protobuf/google/protobuf/empty_pb";
import type * as StructFile from "google-protobuf/google/protobuf/struct_pb";

const ofPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));

export const grpc = ofPulumi("@grpc/grpc-js") as typeof Grpc;
export const { ResourceProviderService } = ofPulumi("./proto/provider_grpc_pb") as typeof Services;
export const provider = ofPulumi("./proto/provider_pb") as typeof Messages;
export const plugin = ofPulumi("./proto/plugin_pb") as typeof PluginMessages;
export const { EngineClient } = ofPulumi("./proto/engine_grpc_pb") as typeof EngineServices;
export const engine = ofPulumi("./proto/engine_pb") as typeof EngineMessages;
export const { Any } = ofPulumi("google-protobuf/google/protobuf/any_pb") as typeof AnyFile;
export const { Empty } = ofPulumi("google-protobuf/google/protobuf/empty_pb") as typeof EmptyFile;
export const { Struct } = ofPulumi("google-protobuf/google/protobuf/struct_pb") as typeof StructFile;

/** The message by which gRPC carries details of an error; the package has no types for it. */
export const { Status } = ofPulumi("./proto/status_pb") as {
  readonly Status: new () => {
    setCode(code: number): void;
    setMessage(message: string): void;
    addDetails(detail: AnyFile.Any): void;
    serializeBinary(): Uint8Array;
  };
};

export type { Grpc, Messages };
export type Struct = StructFile.Struct;
export type Empty = EmptyFile.Empty;
