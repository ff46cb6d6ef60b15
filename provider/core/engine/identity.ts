/** Identity: which server holds an object. Names and endpoints lead to other servers as time goes by; what a server says of itself does not. */
import type { Server } from "../../../sdk";
import { ApiError } from "../../../sdk/api/errors";
import { isMap, type Props } from "./values";

/** Hidden output with the `Holder` of an object; a state from before it was kept has none and gets it with its next write or refresh. */
export const holderProperty = "__server";

/** What a server says of itself, and where it was met last. */
export interface Holder {
  /** Of Bothy's servers. */
  readonly uuid?: string;
  /** Fingerprint of the certificate; of a cluster all members say the same. */
  readonly certificate?: string;
  readonly name?: string;
  /** Path of the socket, or the address over the network. */
  readonly endpoint: string;
}

export function holderOf({ environment }: Server, endpoint: string): Holder {
  const { server_uuid: uuid, certificate_fingerprint: certificate, server_name: name } = environment;
  return {
    ...(uuid ? { uuid } : {}),
    ...(certificate ? { certificate } : {}),
    ...(name ? { name } : {}),
    endpoint,
  };
}

/** What the state says of an object's server. */
export function holderIn(props: Props): Holder | undefined {
  const holder = props[holderProperty];
  return isMap(holder) && typeof holder.endpoint === "string" ? (holder as unknown as Holder) : undefined;
}

/** Compares by the best word that both give. A name alone is not a proof: two hosts may have the same. */
export function isSameServer(a: Holder, b: Holder): boolean {
  if (a.uuid !== undefined && b.uuid !== undefined) return a.uuid === b.uuid;
  if (a.certificate !== undefined && b.certificate !== undefined) return a.certificate === b.certificate;
  return a.name === b.name;
}

const wordOf = ({ uuid, certificate, name }: Holder): string => uuid ?? certificate ?? name ?? "unknown";
const textOf = (holder: Holder): string => `server ${wordOf(holder)} at "${holder.endpoint}"`;

const remedy =
  "Lead the endpoint back to it: BOTHY_DIR, BOTHY_ENDPOINT, the resource's own endpoint, or the stack's bothy:endpoint, of which refresh and destroy hear with the next up.";

/** The error for an object whose endpoint leads to a server that does not hold it. */
export const otherServer = (holder: Holder, asked: Holder): ApiError =>
  new ApiError(
    "CONFLICT",
    `the ${textOf(holder)} holds it, and the endpoint leads to another one, the ${textOf(asked)}. ${remedy} If that server is lost for good, set BOTHY_LOST_SERVERS=${wordOf(holder)} and run refresh.`,
  );

/** The error for an object whose endpoint leads to a place where nobody listens, and not to where its server was met. */
export const nobodyThere = (holder: Holder, asked: string): ApiError =>
  new ApiError(
    "UNAVAILABLE",
    `the ${textOf(holder)} holds it, and the endpoint leads to "${asked}", where nobody listens. ${remedy} If the server has moved, start it there first.`,
  );

/**
 * Whether the user has said that the server is gone with all it had, so that its objects count as deleted.
 * @param lost value of BOTHY_LOST_SERVERS: ids, separated by commas
 */
export const isLost = (holder: Holder, lost: string | undefined): boolean =>
  (lost ?? "")
    .split(",")
    .map((id) => id.trim())
    .includes(wordOf(holder));
