/** Identity: the certificate by which servers know this user, client.crt and client.key in the config folder. */
import { statSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import path from "node:path";
import { ApiError, badRequest } from "../api/errors";
import { configFolder, makeSetting, readSetting } from "./folder";

export interface Identity {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

/** RFC 5280, ub-common-name. */
const longestCommonName = 64;

/** Where they lie, whether they are there or not. */
export const identityFiles = (env: NodeJS.ProcessEnv = process.env) => {
  const folder = configFolder(env);
  return { certificateFile: path.join(folder, "client.crt"), keyFile: path.join(folder, "client.key") };
};

/**
 * Reads the certificate and its key. One that somebody else put there, such as a copy of LXD's, is as good as one of ours.
 * @returns nothing when there is none yet
 * @throws ApiError BAD_REQUEST when one of the two is missing, FORBIDDEN for a key that others can read
 */
export function readIdentity(env: NodeJS.ProcessEnv = process.env): Identity | undefined {
  const { certificateFile, keyFile } = identityFiles(env);
  const certificate = readSetting(certificateFile);
  const key = readSetting(keyFile);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    const [there, missing] = key === undefined ? [certificateFile, keyFile] : [keyFile, certificateFile];
    throw badRequest(
      `Cannot use the client certificate: "${there}" is there and "${missing}" is not. Bring it back, or remove the other; "bothy remote add" makes a new pair.`,
    );
  }
  requireOwn(keyFile);
  return { certificate, key };
}

function requireOwn(keyFile: string): void {
  const { mode } = statSync(keyFile);
  if ((mode & 0o077) === 0) return;
  throw new ApiError(
    "FORBIDDEN",
    `Cannot use the client certificate: others can read its key "${keyFile}" (mode ${(mode & 0o777).toString(8).padStart(4, "0")}). Run "chmod 600 ${keyFile}"; if somebody has read it, remove both files and add the remotes anew.`,
  );
}

/**
 * Reads the certificate and its key, and makes them when there are none: two that do so at once get the same.
 * @throws ApiError as readIdentity() does, and when the two do not belong together or the certificate has expired
 */
export async function ensureIdentity(env: NodeJS.ProcessEnv = process.env): Promise<Identity> {
  const { certificateFile, keyFile } = identityFiles(env);
  if (readSetting(certificateFile) === undefined) await make(certificateFile, keyFile);
  const identity = readIdentity(env);
  if (identity === undefined) throw badRequest(`Cannot use the client certificate: "${certificateFile}" was removed.`);
  await requirePair(identity, certificateFile, keyFile);
  return identity;
}

async function make(certificateFile: string, keyFile: string): Promise<void> {
  const { makeCertificate, makeKey } = await import("../host/certificate");
  makeSetting(keyFile, makeKey(), 0o600);
  requireOwn(keyFile);
  const key = readSetting(keyFile) ?? "";
  const commonName = `${userName()}@${hostname()}`.slice(0, longestCommonName);
  makeSetting(
    certificateFile,
    readable(keyFile, () => makeCertificate(key, { use: "client", commonName })),
    0o644,
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name is a user all the same.
    return String(process.getuid?.());
  }
}

async function requirePair({ certificate, key }: Identity, certificateFile: string, keyFile: string): Promise<void> {
  const { createPrivateKey, X509Certificate } = await import("node:crypto");
  const read = readable(certificateFile, () => new X509Certificate(certificate));
  const own = readable(keyFile, () => createPrivateKey(key));
  if (!read.checkPrivateKey(own))
    throw badRequest(
      `Cannot use the client certificate: "${keyFile}" is not the key of "${certificateFile}". Remove both; "bothy remote add" makes new ones.`,
    );
  if (Date.parse(read.validTo) < Date.now())
    throw badRequest(
      `Cannot use the client certificate: "${certificateFile}" expired at ${read.validTo}. Remove it and its key, and add the remotes anew.`,
    );
}

/** @throws ApiError that names the file when the work fails */
function readable<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw badRequest(
      `Cannot use the client certificate: "${file}" cannot be read (${(error as Error).message}). Remove both files; "bothy remote add" makes new ones.`,
      { cause: error },
    );
  }
}
