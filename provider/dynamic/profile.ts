/** Profile, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { profile } from "../core/kinds/profile";
import type { InstanceConfig } from "./config-keys";
import { type DeviceArgs, deviceNames } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface ProfileArgs extends CommonArgs {
  /** Name of the profile; made from the resource's name when absent. A change replaces the profile. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<InstanceConfig<pulumi.Input<ConfigValue>>>;
  /** Devices by name, each with its `type` and the options of that type; `pool` and `network` take a resource or a name. */
  devices?: pulumi.Input<Record<string, pulumi.Input<DeviceArgs>>>;
}

/** Configuration and devices that containers share. Changes reach the containers that use it at once. */
export class Profile extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  declare readonly devices: pulumi.Output<Record<string, Record<string, string>>>;

  constructor(name: string, args: ProfileArgs = {}, options?: pulumi.CustomResourceOptions) {
    const devices = deviceNames(args?.devices);
    super(profile, name, { ...argsOf("Profile", name, args), devices }, options, { devices: args?.devices });
  }

  /** Reads a profile that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Profile(name, args, existing(id, options));
  }
}
