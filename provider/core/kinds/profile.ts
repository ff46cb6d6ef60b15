/** Profile: configuration and devices that containers share. */
import * as z from "zod";
import { ProfileName } from "../../../sdk/api/common";
import { instanceKeys } from "../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../sdk/api/config/lxd-words";
import type { Profile, ProfilePut } from "../../../sdk/api/profile";
import { checkConfigKeys, checkDeviceOptions } from "../engine/check";
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

export const profile = namedCore<Inputs, Profile, ProfilePut>({
  kind: "profile",
  type: "Profile",
  description: "Configuration and devices that containers share. Changes reach the containers that use it at once.",
  inputs: ProfileInputs,
  outputs: z.object({}),
  nameMaxLength: 63,
  computed: () => [],
  rules: (inputs) => [
    ...checkConfigKeys(instanceKeys, lxdInstanceKeys, inputs.config),
    ...checkDeviceOptions(inputs.devices),
  ],
  outs: ({ description, devices }) => ({ description, devices }),
  get: ({ client, signal }, name) => client.getProfile(name, { signal }),
  list: ({ client, signal }) => client.listProfiles({ signal }),
  create: ({ client, signal }, { name, description, devices }, config) =>
    client.createProfile({ name, description, devices, config }, { signal }),
  patchConfig: ({ client, signal }, name, config) => client.patchProfile(name, { config }, { signal }),
  put: ({ description, devices }, config) => ({ description, config, devices }),
  putOf: ({ description, config, devices }) => ({ description, config, devices }),
  update: ({ client, signal }, name, put, etag) => client.updateProfile(name, put, { etag, signal }),
  delete: ({ client, signal }, name) => client.deleteProfile(name, { signal }),
});
