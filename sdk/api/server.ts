/** Server: GET and PUT /1.0 (docs/lxd-api.md, Server). */
import * as z from "zod";
import { Config } from "./common";

export const ServerPut = z.object({ config: Config.default({}) });
export type ServerPut = z.infer<typeof ServerPut>;

export const Server = z.looseObject({
  config: Config.default({}),
  api_extensions: z.array(z.string()),
  api_status: z.string(),
  api_version: z.string(),
  auth: z.string(),
  public: z.boolean(),
  auth_methods: z.array(z.string()),
  environment: z.looseObject({
    server: z.string(),
    server_version: z.string(),
    server_name: z.string(),
    server_pid: z.number(),
    /** Of Bothy alone (extension bothy_server_uuid): as long as its database lives, no other server has it. */
    server_uuid: z.string().optional(),
    server_clustered: z.boolean().optional(),
    certificate_fingerprint: z.string().optional(),
    architectures: z.array(z.string()),
    driver: z.string(),
    kernel_version: z.string(),
    storage: z.string(),
    storage_supported_drivers: z.array(z.looseObject({ Name: z.string() })).optional(),
  }),
});
export type Server = z.infer<typeof Server>;
