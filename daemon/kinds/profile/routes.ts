/** Routes of profiles. */
import { patchOf } from "../../../sdk/api/patch";
import { ProfilePost, ProfilePut, ProfilesPost } from "../../../sdk/api/profile";
import { patched } from "../../core/merge";
import { checkEtag } from "../../http/etag";
import {
  type ApiRequest,
  created,
  ifMatchOf,
  param,
  parseBody,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import type { ProfileRecord } from "./store";

const urlOf = (name: string) => `/1.0/profiles/${encodeURIComponent(name)}`;

/** What the ETag covers (docs/lxd-api.md, Changes). */
const writable = ({ config, description, devices }: ProfileRecord) => ({ config, description, devices });

export const profileRoutes: Route[] = [
  route("GET", "/1.0/profiles", listProfiles),
  route("POST", "/1.0/profiles", createProfile),
  route("GET", "/1.0/profiles/:name", getProfile),
  route("PUT", "/1.0/profiles/:name", updateProfile),
  route("PATCH", "/1.0/profiles/:name", patchProfile),
  route("POST", "/1.0/profiles/:name", renameProfile),
  route("DELETE", "/1.0/profiles/:name", deleteProfile),
];

function listProfiles(request: ApiRequest) {
  const profiles = request.context.profiles.list();
  return sync(recursionOf(request) === 0 ? profiles.map(({ name }) => urlOf(name)) : profiles);
}

function createProfile(request: ApiRequest) {
  const post = parseBody(request, ProfilesPost);
  request.context.profiles.create(post);
  tell(request, "profile-created", post.name);
  return created(urlOf(post.name));
}

function getProfile(request: ApiRequest) {
  const profile = request.context.profiles.get(param(request, "name"));
  return sync(profile, writable(profile));
}

function updateProfile(request: ApiRequest) {
  const put = parseBody(request, ProfilePut);
  return change(request, () => put);
}

function patchProfile(request: ApiRequest) {
  const patch = parseBody(request, patchOf(ProfilePut));
  return change(request, (have) => patched(writable(have), patch));
}

async function change(request: ApiRequest, next: (have: ProfileRecord) => ProfilePut) {
  const name = param(request, "name");
  const { locks, profiles } = request.context;
  await locks.run(`profile/${name}`, async () => {
    const have = profiles.record(name);
    checkEtag(ifMatchOf(request), writable(have));
    await profiles.update(name, next(have));
  });
  tell(request, "profile-updated", name);
  return sync();
}

async function renameProfile(request: ApiRequest) {
  const from = param(request, "name");
  const { name: to } = parseBody(request, ProfilePost);
  await request.context.locks.runAll([`profile/${from}`, `profile/${to}`], async () =>
    request.context.profiles.rename(from, to),
  );
  tell(request, "profile-renamed", to, { old_name: from });
  return created(urlOf(to));
}

async function deleteProfile(request: ApiRequest) {
  const name = param(request, "name");
  await request.context.locks.run(`profile/${name}`, async () => request.context.profiles.delete(name));
  tell(request, "profile-deleted", name);
  return sync();
}

function tell(request: ApiRequest, action: string, name: string, context?: Record<string, unknown>): void {
  request.context.events.lifecycle({ action, source: urlOf(name), context, requestor: request.requestor });
}
