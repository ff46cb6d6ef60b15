/** Fetch: finds an image in a registry, and brings it here as an image like any other. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { hostArchitecture } from "../../../../sdk/host/architecture";
import { type ImageLimits, imageLimits } from "../archive/limits";
import { removeTree } from "../archive/tree";
import { scratchFolder, type Upload } from "../archive/upload";
import type { ImageHome } from "../home";
import type { RemoteSource } from "../remote/found";
import type { Tell } from "../remote/progress";
import { bundle } from "./bundle";
import { chooseFor, digestOf, type Manifest, parseManifest } from "./manifest";
import { parseReference } from "./reference";
import { type Registry, requireFits, requirePrograms, Skopeo } from "./skopeo";

/** An image of OCI, as a registry has it. */
export interface FoundOci {
  readonly registry: Registry;
  readonly manifest: Manifest;
  /** What the image is known by once it is here (builtFrom). */
  readonly builtFrom: string;
}

export interface OciPlace {
  readonly scratch: string;
  /** Folder of the daemon's state. */
  readonly root: string;
  readonly config: Config;
  readonly limits: ImageLimits;
}

export function ociPlace({ dirs, server }: Pick<ImageHome, "dirs" | "server">): OciPlace {
  const config = server.config();
  return { scratch: dirs.scratch, root: dirs.root, config, limits: imageLimits(config) };
}

/** The daemon's accounts at registries, in the form of containers-auth.json(5). */
export const accountsFile = (root: string): string => path.join(root, "registries.json");

/**
 * By which manifest an image was made, and by which name of its registry: the list of all platforms, where there is one.
 * @param digests 64 hexadecimal digits each
 */
export const builtFromOci = (manifest: string, named: string): string => `oci ${manifest} ${named}`;

/**
 * @param mayUseAccounts whether who asks may have what the daemon's accounts open
 * @throws ApiError NOT_FOUND, FORBIDDEN, UNAVAILABLE, and BAD_REQUEST when the programs are not installed or the image is too large
 */
export async function findOci(
  place: OciPlace,
  { server, name, certificate }: RemoteSource,
  {
    architecture,
    mayUseAccounts,
    signal,
  }: { architecture: string | undefined; mayUseAccounts: boolean; signal: AbortSignal },
): Promise<FoundOci> {
  requirePrograms();
  const accounts = accountsFile(place.root);
  const registry: Registry = {
    reference: parseReference(server, name),
    name,
    certificate,
    accounts: mayUseAccounts && existsSync(accounts) ? accounts : undefined,
    config: place.config,
  };
  await using folder = await scratchFolder(place.scratch);
  const skopeo = new Skopeo(folder.path, signal);
  const named = await skopeo.manifest(registry);
  const manifest = await imageManifest(skopeo, registry, named, architecture ?? hostArchitecture);
  requireFits(bytesOf(manifest), place.limits);
  return { registry, manifest, builtFrom: builtFromOci(manifest.digest, digestOf(named)) };
}

const bytesOf = ({ config, layers }: Manifest): number =>
  [config, ...layers].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

async function imageManifest(
  skopeo: Skopeo,
  registry: Registry,
  text: string,
  architecture: string,
): Promise<Manifest> {
  const { name } = registry;
  const found = parseManifest(text, name);
  if (!("choices" in found)) return found;
  const { digest } = chooseFor(architecture, found.choices, name);
  const chosen = parseManifest(await skopeo.manifest(registry, `@sha256:${digest}`), name);
  if ("choices" in chosen) throw new Error(`The image "${name}" is a list of lists.`);
  return chosen;
}

/** What comes beside the blobs: manifest and index. */
const spareBytes = 8 * 1024 * 1024;

/**
 * Fetches a found image and makes an image of it.
 * @returns its files, in a folder that goes with it @throws ApiError; nothing is left of it then
 */
export async function fetchOci(
  place: OciPlace,
  { registry, manifest }: FoundOci,
  { tell, signal }: { tell: Tell; signal: AbortSignal },
): Promise<Upload> {
  const folder = await scratchFolder(place.scratch);
  const dispose = () => removeTree(folder.path);
  try {
    const skopeo = new Skopeo(folder.path, signal);
    const all = bytesOf(manifest);
    const told = (bytes: number) => tell({ bytes: Math.min(bytes, all), of: all });
    await skopeo.fetch(registry, `@sha256:${manifest.digest}`, all + spareBytes, told);
    const options = { name: registry.name, folder: folder.path, limits: place.limits, signal };
    const { digest: _, ...made } = await bundle(skopeo.layout, options);
    return { ...made, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
