/** Server: GET and PUT /1.0 (docs/lxd-api.md, Server). */
import * as z from "zod";
import { Text } from "./common";
import { means } from "./means";

/** As Config; LXD shows a password that is set as `true`, which is no text. */
const ServerConfig = z
  .record(Text, z.union([Text, z.boolean().transform(String)]))
  .default({})
  .meta({ description: "Configuration keys and their values, all text but for `true` in place of a password." });

export const ServerPut = z.object({ config: ServerConfig });
export type ServerPut = z.infer<typeof ServerPut>;

export const Server = z.looseObject({
  config: ServerConfig,
  api_extensions: means(z.array(z.string()), "What works beyond the first API 1.0, by LXD's names and Bothy's own."),
  api_status: z.string(),
  api_version: z.string(),
  auth: means(z.string(), "`trusted` or `untrusted`: whether the server knows who asks."),
  public: z.boolean(),
  auth_methods: z.array(z.string()),
  environment: z.looseObject({
    server: z.string(),
    server_version: means(z.string(), "Version of the LXD whose contract it is."),
    server_name: z.string(),
    server_pid: z.number(),
    server_uuid: means(
      z.string().optional(),
      "As long as the daemon's database lives, no other server has it (`bothy_server_uuid`).",
    ),
    server_clustered: z.boolean().optional(),
    addresses: means(z.array(z.string()).optional(), "Where clients reach it over the network."),
    certificate: means(
      z.string().optional(),
      "By which clients know it again, as PEM; empty as long as it needed none.",
    ),
    certificate_fingerprint: means(z.string().optional(), "SHA-256 of it, in 64 hexadecimal digits."),
    architectures: z.array(z.string()),
    driver: z.string(),
    kernel_version: z.string(),
    storage: means(z.string(), "Drivers in use."),
    storage_supported_drivers: z.array(z.looseObject({ Name: z.string() })).optional(),
  }),
});
export type Server = z.infer<typeof Server>;

export const Cluster = z.looseObject({
  server_name: z.string(),
  enabled: z.boolean(),
  member_config: z.array(z.unknown()),
});
