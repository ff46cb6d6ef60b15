/** Image server: where "images:alpine/3.20" and "docker:nginx" lead, and how the image that people name is said on the wire. */
import { badRequest } from "../api/errors";
import type { InstanceSource } from "../api/instance";
import { type ImageProtocol, storedImageServers, storeImageServer } from "./file";

/** A server of images: one with lists of them, or a registry of OCI. */
export interface ImageServer {
  readonly name: string;
  readonly url: string;
  readonly protocol: ImageProtocol;
}

/**
 * Those that everybody has; a stored one of the same name counts in place of it. "images" is the server of LXD's own project: its lists
 * are read by LXD, by Incus and by Bothy, while images.linuxcontainers.org offers a form that LXD does not know.
 */
const wellKnown: Readonly<Record<string, { url: string; protocol: ImageProtocol }>> = {
  docker: { url: "https://docker.io", protocol: "oci" },
  images: { url: "https://images.lxd.canonical.com", protocol: "simplestreams" },
  ubuntu: { url: "https://cloud-images.ubuntu.com/releases", protocol: "simplestreams" },
  "ubuntu-daily": { url: "https://cloud-images.ubuntu.com/daily", protocol: "simplestreams" },
};

/** Templates that the daemon builds by itself; no server has that name. */
const templatePrefix = "template:";
/** Words for files of this machine (local-image.ts). */
const localNames = ["oci", "oci-archive"];

/** All servers of images, in the order of their names. @throws ApiError BAD_REQUEST for a file of remotes that cannot be read */
export function listImageServers(env: NodeJS.ProcessEnv = process.env): ImageServer[] {
  return Object.entries({ ...wellKnown, ...storedImageServers(env) })
    .map(([name, server]) => ({ name, ...server }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Stores a server of images under a name; one of the well-known names too.
 * @param url such as "https://images.example/streams-of-ours" @param protocol a registry may be one without TLS
 * @throws ApiError BAD_REQUEST for an address that is none, CONFLICT for a name that is taken
 */
export function addImageServer(
  name: string,
  url: string,
  env: NodeJS.ProcessEnv = process.env,
  protocol: ImageProtocol = "simplestreams",
): ImageServer {
  const parsed = URL.parse(url);
  const isSpoken = parsed?.protocol === "https:" || (protocol === "oci" && parsed?.protocol === "http:");
  if (parsed === null || !isSpoken || parsed.username !== "" || parsed.search !== "")
    throw badRequest(
      `Cannot add remote "${name}": "${url}" is not the address of a server of images. Use https://HOST/PATH.`,
    );
  if (`${name}:` === templatePrefix)
    throw badRequest(
      `Cannot add remote "${name}": the name stands for templates that are built on the spot. Choose another one.`,
    );
  if (localNames.includes(name))
    throw badRequest(`Cannot add remote "${name}": the name stands for files of this machine. Choose another one.`);
  const plain = parsed.href.replace(/\/+$/, "");
  storeImageServer(name, plain, protocol, env);
  return { name, url: plain, protocol };
}

/**
 * The source of an instance that people name in a word: "images:alpine/3.20" or "docker:nginx:alpine" of a server of images,
 * "template:busybox", an alias or a fingerprint of 12 digits or more.
 * @throws ApiError BAD_REQUEST that names the servers there are
 */
export function imageSource(text: string, env: NodeJS.ProcessEnv = process.env): InstanceSource {
  if (/^[0-9a-f]{12,64}$/.test(text)) return { type: "image", fingerprint: text };
  const [, name, alias] = /^([a-z0-9][a-z0-9._-]*):(.*)$/i.exec(text) ?? [];
  if (name === undefined || text.startsWith(templatePrefix)) return { type: "image", alias: text };
  const servers = listImageServers(env);
  const server = servers.find((one) => one.name === name);
  if (server === undefined)
    throw badRequest(
      `Image "${text}" cannot be found: there is no server of images "${name}". Use ${servers.map((one) => `${one.name}:`).join(", ")}, or add one with "bothy remote add ${name} https://HOST --protocol simplestreams", or oci for a registry.`,
    );
  const { url, protocol } = server;
  const example = protocol === "oci" ? "nginx:alpine" : "alpine/3.20";
  if (!alias) throw badRequest(`Image "${text}" cannot be found: it needs an alias, such as "${name}:${example}".`);
  return { type: "image", mode: "pull", server: url, protocol, alias };
}
