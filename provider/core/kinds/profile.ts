/** Profile: configuration and devices that containers share. */
import * as z from "zod";
import { ProfileName } from "../../../sdk/api/common";
import { instanceKeys } from "../../../sdk/api/config/instance";
import { profileKind } from "../../../sdk/api/profile";
import { checkDeviceOptions } from "../engine/check";
import { ownDevices, withOthers } from "../engine/device-marks";
import { adopt, configInput, description, devices, endpoint, replacing, timeouts } from "../engine/inputs";
import { namedCore } from "./named";

export const ProfileInputs = z.strictObject({
  name: ProfileName.refine((name) => name !== "default", {
    message: 'must not be "default": that profile always exists and belongs to no program. Name the profile otherwise.',
  }).meta(replacing("Name of the profile; made from the resource's name when absent.")),
  description,
  config: configInput(instanceKeys),
  devices,
  adopt,
  endpoint,
  timeouts,
});

type Inputs = z.output<typeof ProfileInputs>;

export const profile = namedCore<Inputs, typeof profileKind>({
  definition: profileKind,
  type: "Profile",
  description: "Configuration and devices that containers share. Changes reach the containers that use it at once.",
  inputs: ProfileInputs,
  outputs: z.object({}),
  nameMaxLength: 63,
  keep: ({ devices }, live, config) => withOthers(live, config, devices),
  outs: (full, { devices }) => ({ devices: ownDevices(full, devices) }),
  rules: ({ devices }) => checkDeviceOptions(devices),
});
