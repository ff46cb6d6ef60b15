/** Server: GET and PUT /1.0 (docs/lxd-api.md, Server). */
import * as z from "zod";
import { Config } from "./common";
import { means } from "./means";

export const ServerPut = z.object({ config: Config.default({}) });
export type ServerPut = z.infer<typeof ServerPut>;

/** LXD shows secrets, such as core.trust_password, as the boolean true. */
const ShownConfig = z.record(z.string(), z.union([z.string(), z.boolean()]).transform(String));

export const Server = z.looseObject({
  config: ShownConfig.default({}),
  api_extensions: means(z.array(z.string()), "What works beyond the first API 1.0, by LXD's names and Bothy's own."),
  api_status: z.string(),
  api_version: z.string(),
  auth: means(z.string(), "`trusted`: who reaches the socket has the whole server."),
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
    certificate_fingerprint: z.string().optional(),
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
