/** Profile: configuration and devices that instances share (docs/lxd-api.md, Profiles, storage pools, networks). */
import * as z from "zod";
import { Config, Devices, ProfileName, text } from "./common";
import { instanceKeys } from "./config/instance";
import { lxdInstanceKeys } from "./config/lxd-words";
import { defineKind } from "./kind";
import { means } from "./means";

export const ProfilePut = z.object({
  description: text,
  config: Config.default({}),
  devices: Devices.default({}),
});
export type ProfilePut = z.infer<typeof ProfilePut>;

export const ProfilesPost = ProfilePut.extend({ name: ProfileName });
export type ProfilesPost = z.infer<typeof ProfilesPost>;

export const ProfilePost = z.object({ name: ProfileName });

export const Profile = z.looseObject({
  ...ProfilePut.shape,
  name: z.string(),
  used_by: means(z.array(z.string()).default([]), "Paths of the instances that have it."),
});
export type Profile = z.infer<typeof Profile>;

export const profileKind = defineKind({
  name: "profile",
  title: "Profile",
  path: "/1.0/profiles",
  put: ProfilePut,
  post: ProfilesPost,
  shown: Profile,
  tagged: ["config", "description", "devices"],
  keys: { table: instanceKeys, lxd: lxdInstanceKeys },
  rename: ProfilePost,
  says: { update: "Replaces the whole mutable part; reaches the running instances that have the profile." },
});
