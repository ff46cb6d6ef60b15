/** Server config, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { serverConfig } from "../core/kinds/server-config";
import type { ServerSettings } from "./config-keys";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface ServerConfigArgs extends CommonArgs {
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<ServerSettings<pulumi.Input<ConfigValue>>>;
}

/**
 * Keys of the server's own configuration. The resource has those that it names, sets them back when it is deleted, and leaves all others
 * alone.
 */
export class ServerConfig extends BothyResource {
  declare readonly config: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: ServerConfigArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(serverConfig, name, argsOf("ServerConfig", name, args), options);
  }

  /** Reads the whole configuration of a server. @param id `server` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new ServerConfig(name, args, existing(id, options));
  }
}
