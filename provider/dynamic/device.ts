/** Device, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { device } from "../core/kinds/device";
import type { DeviceOptions, DeviceType } from "./config-keys";
import { Container } from "./container";
import { Profile } from "./profile";
import { nameOf, type OptionValue, optionNames, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing } from "./resource";

/** What a Device takes; `DeviceArgs` is one of the `devices` of a container. */
export interface DeviceResourceArgs extends CommonArgs {
  /** Container that gets the device. Exactly one of `instance` and `profile` is given. A change replaces the device. */
  instance?: Reference<Container>;
  /** Profile that gets the device, and with it its containers. A change replaces the device. */
  profile?: Reference<Profile>;
  /** Name of the device, which its owner has no other device of. A change replaces the device. */
  name: pulumi.Input<string>;
  /** Type of the device, such as `disk`, `nic` or `proxy`. */
  type: pulumi.Input<DeviceType>;
  /** Options of that type, as `devices` of a container has them; an empty value unsets one. */
  properties?: pulumi.Input<DeviceOptions<OptionValue>>;
}

/**
 * One device of a container or a profile, as a resource of its own. The resource of its owner leaves it alone; deleted together with its
 * owner.
 */
export class Device extends BothyResource {
  declare readonly instance: pulumi.Output<string | undefined>;
  declare readonly profile: pulumi.Output<string | undefined>;
  declare readonly name: pulumi.Output<string>;
  declare readonly type: pulumi.Output<string>;
  declare readonly properties: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: DeviceResourceArgs, options?: pulumi.CustomResourceOptions) {
    const { instance, profile } = args ?? {};
    const owner = [instance, profile].find((one) => one instanceof Container || one instanceof Profile);
    super(
      device,
      name,
      {
        ...argsOf("Device", name, args),
        instance: nameOf(instance),
        profile: nameOf(profile),
        properties: optionNames(args?.properties),
      },
      owner === undefined ? options : { deletedWith: owner as Container | Profile, ...options },
      { instance, profile },
    );
  }

  /** Reads a device that exists. @param id `instance/<instance>/<name>` or `profile/<profile>/<name>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Device(name, args as DeviceResourceArgs, existing(id, options));
  }
}
