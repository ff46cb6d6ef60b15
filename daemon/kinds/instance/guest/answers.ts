/** Guest answers: what a container is told of itself, in the form that LXD gives it inside: no envelope (docs/guest-api.md). */

import type { Readable } from "node:stream";
import * as z from "zod";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, badRequest, notFound } from "../../../../sdk/api/errors";
import { notAuthorized } from "../../../core/access";
import { ownCall } from "../../../core/call";
import type { InstanceHome } from "../home";
import { isReady, withReady } from "../life/last-state";
import { type InstanceRecord, instanceRef } from "../record";
import { isGuestKey } from "./events";

export type GuestAnswer =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly headers: Readonly<Record<string, string>>; readonly body: Readable };

export interface GuestRequest {
  readonly record: InstanceRecord;
  readonly method: string;
  /** Parts of the path that the route leaves open, decoded. */
  readonly params: readonly string[];
  /** At most as long as a state needs. */
  readonly body: Readable;
}

type Handler = (home: InstanceHome, request: GuestRequest) => GuestAnswer | Promise<GuestAnswer>;

const longestBody = 4096;
const Patch = z.object({ state: z.enum(["Ready", "Started"]) });

const stateOf = (record: InstanceRecord): string => (isReady(record.config) ? "Ready" : "Started");

function about(_home: InstanceHome, { record }: GuestRequest): GuestAnswer {
  const state = stateOf(record);
  return { json: { state, api_version: "1.0", instance_type: "container", location: "none" } };
}

/** Takes note that the guest is up, or no longer so. */
async function setState(home: InstanceHome, { record, body }: GuestRequest): Promise<GuestAnswer> {
  const wanted = Patch.safeParse(parsed(await limited(body)));
  if (!wanted.success) throw badRequest('Invalid state: send {"state": "Ready"} or {"state": "Started"}');
  const isNow = wanted.data.state === "Ready";
  if (isNow === isReady(record.config)) return { text: "" };
  home.book.change(record, (now) => ({ ...now, config: withReady(now.config, isNow) }));
  if (isNow) home.changes.tell(ownCall(record.project), { action: "instance-ready", of: instanceRef(record) });
  return { text: "" };
}

/** @throws ApiError BAD_REQUEST; the rest of a body that is too long is not read */
async function limited(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > longestBody) throw badRequest("The body is too long");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const configOf = ({ book }: InstanceHome, record: InstanceRecord) => book.expanded(record).config;

function listConfig(home: InstanceHome, { record }: GuestRequest): GuestAnswer {
  const keys = Object.keys(configOf(home, record)).filter(isGuestKey);
  return { json: keys.sort().map((key) => `/1.0/config/${key}`) };
}

function readConfig(home: InstanceHome, { record, params: [key = ""] }: GuestRequest): GuestAnswer {
  if (!isGuestKey(key)) throw notAuthorized();
  const value = configOf(home, record)[key];
  if (value === undefined) throw notFound("not found");
  return { text: value };
}

/** What cloud-init reads first. */
function metaData(home: InstanceHome, { record }: GuestRequest): GuestAnswer {
  const id = instanceConfig(record.config).get("volatile.uuid") || record.name;
  const own = configOf(home, record)["user.meta-data"] ?? "";
  return { text: `#cloud-config\ninstance-id: ${id}\nlocal-hostname: ${record.name}\n${own}` };
}

/** Hardware addresses that the daemon chose are told as well, as in LXD. */
function devices(home: InstanceHome, { record }: GuestRequest): GuestAnswer {
  const all = Object.entries(home.book.expanded(record).devices).map(([name, device]) => {
    const hwaddr = instanceConfig(record.config).get(`volatile.${name}.hwaddr`);
    return [name, device.type === "nic" && hwaddr ? { hwaddr, ...device } : device] as const;
  });
  return { json: Object.fromEntries(all) };
}

/** For a daemon inside, which then need not fetch an image again: public ones, and those that were cached. */
function exportImage(home: InstanceHome, { record, params: [fingerprint = ""] }: GuestRequest): GuestAnswer {
  if (!instanceConfig(configOf(home, record)).get("security.devlxd.images")) throw notAuthorized();
  return home.images.exportForGuest(record.project, fingerprint);
}

const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ["GET", /^\/$/, () => ({ json: ["/1.0"] })],
  ["GET", /^\/1\.0$/, about],
  ["PATCH", /^\/1\.0$/, setState],
  ["GET", /^\/1\.0\/config$/, listConfig],
  ["GET", /^\/1\.0\/config\/([^/]+)$/, readConfig],
  ["GET", /^\/1\.0\/meta-data$/, metaData],
  ["GET", /^\/1\.0\/devices$/, devices],
  ["GET", /^\/1\.0\/images\/([0-9a-f]{1,64})\/export$/, exportImage],
];

/** @param path as it came, without its query @throws ApiError */
export async function answerGuest(
  home: InstanceHome,
  path: string,
  request: Omit<GuestRequest, "params">,
): Promise<GuestAnswer> {
  const fitting = routes.filter(([, pattern]) => pattern.test(path));
  if (fitting.length === 0) throw notFound("404 page not found");
  const found = fitting.find(([method]) => method === request.method);
  if (found === undefined) throw new ApiError("NOT_IMPLEMENTED", "not implemented");
  const params = (found[1].exec(path) ?? []).slice(1).map((part) => decoded(part));
  return found[2](home, { ...request, params });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest("Invalid path");
  }
}
