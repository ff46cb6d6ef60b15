/**
 * Puts into the code cache what the engine's provider process loads (NODE_COMPILE_CACHE). The engine kills each of these before it could write
 * the cache itself, and a third of the processor time of its start goes by compiling.
 */
import path from "node:path";

const root = path.resolve(__dirname, "../../..");

/** All that the process loads before it does something; the process itself would listen. */
const modules = [
  "runtime",
  "metadata",
  "proto/plugin_pb",
  "proto/provider_grpc_pb",
  "proto/provider_pb",
  "proto/status_pb",
];
for (const name of modules) require(path.join(root, "node_modules/@pulumi/pulumi", name));
for (const name of ["source-map-support", "@grpc/grpc-js", "require-from-string"])
  require(path.join(root, "node_modules", name));
require("../../bundle/dynamic-entry/entry");
