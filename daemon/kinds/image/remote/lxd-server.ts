/** LXD server: finds images on another server of LXD's API, and what an address says that is given as the source "url". */
import * as z from "zod";
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { Image, ImageAliasEntry } from "../../../../sdk/api/image";
import { hostArchitectures } from "../../../platform/host/architecture";
import type { FoundImage, RemoteSource } from "./found";
import { isFingerprint } from "./found";
import { refusedBy, type Web } from "./web";

const mostBytes = 1024 * 1024;

const Envelope = z.looseObject({ metadata: z.unknown() });

/**
 * Finds an image by its alias or fingerprint, also one that a secret opens.
 * @throws ApiError NOT_FOUND, and what Web throws
 */
export async function findOnServer(web: Web, source: RemoteSource, signal: AbortSignal): Promise<FoundImage> {
  const server = source.server.replace(/\/+$/, "");
  if (!server.startsWith("https://"))
    throw badRequest(
      `Cannot fetch an image from "${server}": servers of LXD's API are spoken to by HTTPS. Use https://HOST:8443.`,
    );
  const query = new URLSearchParams({
    ...(source.project === "" ? {} : { project: source.project }),
    ...(source.secret === "" ? {} : { secret: source.secret }),
  }).toString();
  const at = (path: string) => `${server}/1.0/images/${path}${query === "" ? "" : `?${query}`}`;
  const target = source.secret === "" ? await aliasTarget(web, at, source.name, signal) : undefined;
  const name = encodeURIComponent(target ?? source.name);
  const image = read(Image, await web.json(at(name), mostBytes, signal), server);
  if (!isFingerprint(image.fingerprint) || (isFingerprint(name) && image.fingerprint !== name))
    throw badRequest(
      `Cannot fetch an image from "${server}": the server tells of another image than "${source.name}".`,
    );
  if (image.type !== "container")
    throw badRequest(
      `Cannot fetch the image "${source.name}": it is one of a ${image.type}, and Bothy makes containers only.`,
    );
  return {
    fingerprint: image.fingerprint,
    byAlias: target !== undefined,
    files: [{ url: at(`${image.fingerprint}/export`) }],
    mayBeForm: true,
    told: {
      filename: image.filename,
      properties: image.properties,
      createdAt: image.created_at,
      expiresAt: image.expires_at,
    },
  };
}

/** What an alias means there; nothing when it is none, and then it may be a fingerprint. */
async function aliasTarget(
  web: Web,
  at: (path: string) => string,
  alias: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = at(`aliases/${encodeURIComponent(alias)}`);
  const answer = await web.send(path, { signal });
  answer.body.on("error", () => undefined).destroy();
  if (answer.status === 404 || answer.status === 403) return undefined;
  if (answer.status !== 200) throw refusedBy(path, answer.status);
  const { target, type } = read(ImageAliasEntry, await web.json(path, mostBytes, signal), path);
  return type === "" || type === "container" ? target : undefined;
}

function read<T extends z.ZodType>(type: T, json: unknown, place: string): z.output<T> {
  const result = type.safeParse(Envelope.safeParse(json).data?.metadata);
  if (result.success) return result.data;
  throw badRequest(`Cannot fetch an image from "${place}": the server does not answer as LXD's API does.`);
}

/**
 * Asks an address for the image that it stands for: HEAD, which answers with LXD-Image-Hash and LXD-Image-URL.
 * @throws ApiError BAD_REQUEST when it does not, and what Web throws
 */
export async function findAtUrl(web: Web, url: string, version: string, signal: AbortSignal): Promise<FoundImage> {
  const answer = await web.send(url, {
    method: "HEAD",
    headers: { "LXD-Server-Architectures": hostArchitectures.join(", "), "LXD-Server-Version": version },
    signal,
  });
  answer.body.on("error", () => undefined).destroy();
  const header = (name: string) => {
    const value = answer.headers[name.toLowerCase()];
    if (typeof value === "string" && value !== "") return value;
    throw badRequest(
      `Missing ${name} header: "${url}" does not name an image. Give the address of one that is meant for LXD.`,
    );
  };
  const fingerprint = header("LXD-Image-Hash").toLowerCase();
  const place = URL.parse(header("LXD-Image-URL"), url);
  if (!isFingerprint(fingerprint))
    throw badRequest(`Cannot fetch an image from "${url}": its LXD-Image-Hash is not a SHA-256 in hexadecimal digits.`);
  if (place === null) throw notFound(`Cannot fetch an image from "${url}": its LXD-Image-URL is no address.`);
  return { fingerprint, byAlias: false, files: [{ url: place.href }], mayBeForm: false };
}
