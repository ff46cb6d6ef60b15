/** Profile: typed calls. Made by `npm run gen` from sdk/api/profile.ts. */
import type * as z from "zod";
import { patchOf } from "../api/patch";
import { Profile, ProfilePost, ProfilePut, ProfilesPost } from "../api/profile";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/profiles";
const one = (name: string) => urlOf`/1.0/profiles/${name}`;

export const profileCalls = (wire: Wire) => ({
  listProfiles: (options?: CallOptions): Promise<Profile[]> => wire.get(`${all}?recursion=1`, listOf(Profile), options),

  /** @throws ApiError NOT_FOUND */
  getProfile: (name: string, options?: CallOptions): Promise<Tagged<Profile>> =>
    wire.getTagged(one(name), Profile, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createProfile: (post: z.input<typeof ProfilesPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(ProfilesPost, post) }),

  /** Replaces the whole mutable part; reaches the running instances that have the profile. */
  updateProfile: (name: string, put: z.input<typeof ProfilePut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(ProfilePut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchProfile: (name: string, patch: Partial<z.output<typeof ProfilePut>>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", one(name), { ...options, body: body(patchOf(ProfilePut), patch) }),

  renameProfile: (name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(name), { ...options, body: body(ProfilePost, { name: newName }) }),

  deleteProfile: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
