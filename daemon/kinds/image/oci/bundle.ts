/**
 * Bundle: a layout on disk becomes a unified image with config.json beside its root, as Incus keeps it. umoci puts the layers together, with their
 * whiteouts; it and tar are confined, and see nothing of the host but the image.
 */
import { createReadStream } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { badRequest } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { findArchitecture } from "../../../platform/host/architecture";
import { confined, toolbox } from "../../../platform/processes/confine";
import { run } from "../../../platform/processes/run";
import { checkedApart } from "../archive/checked-apart";
import { type Compression, detectCompression } from "../archive/compression";
import { beyond, type ImageLimits } from "../archive/limits";
import { hostTemplates, writeTemplates } from "../archive/pack";
import { refuse } from "../archive/refuse";
import { adopt } from "../archive/upload";
import { makeDeclared } from "./declared-folders";
import { parseImage } from "./image-config";
import type { LayersJob, LayersResult } from "./layers-process";
import { type Manifest, parseManifest } from "./manifest";

export interface BundleOptions {
  /** What the image is called by who has it made, for its properties. */
  readonly name: string;
  /** An empty folder. */
  readonly folder: string;
  readonly limits: ImageLimits;
  readonly signal: AbortSignal;
}

export interface Bundled {
  readonly main: string;
  readonly fingerprint: string;
  readonly sizeBytes: number;
  /** That the manifest in the layout has. */
  readonly digest: string;
}

/**
 * Makes an image of the layout's one image, under the name "image".
 * @param layout as skopeo writes it: plain files, their digests judged
 * @throws ApiError BAD_REQUEST for an image that cannot be had; the signal's reason when it aborts
 */
export async function bundle(layout: string, options: BundleOptions): Promise<Bundled> {
  const { limits, signal } = options;
  const inTime = AbortSignal.timeout(limits.time.value * 1000);
  try {
    return await makeBundle(layout, { ...options, signal: AbortSignal.any([signal, inTime]) });
  } catch (error) {
    if (inTime.aborted && !signal.aborted) throw beyond(limits, "time", "unpacking its layers takes longer");
    throw error;
  }
}

async function makeBundle(layout: string, options: BundleOptions): Promise<Bundled> {
  const { folder, signal, name } = options;
  const manifest = await manifestOf(layout, name);
  const image = parseImage(await readSmall(blobOf(layout, manifest.config.digest), name), name);
  const { hasDeviceNodes } = await checkLayers(layout, manifest, options);
  const unpacked = path.join(folder, "unpacked");
  const described = path.join(folder, "described");
  for (const each of [unpacked, described]) await mkdir(each, { mode: 0o755 });
  const root = path.join(unpacked, "rootfs");
  const of = ["--image", `${layout}:image`];
  await umoci(["raw", "unpack", "--keep-dirlinks", ...of, root], {
    read: [layout],
    write: unpacked,
    hasDeviceNodes,
    signal,
  });
  await makeDeclared(root, image.folders);
  await umoci(["raw", "runtime-config", ...of, "--rootfs", root, path.join(described, "config.json")], {
    read: [layout, root],
    write: described,
    hasDeviceNodes: false,
    signal,
  });
  const metadata = {
    architecture: requireKnown(image.architecture, name),
    creation_date: image.createdSeconds,
    properties: {
      architecture: requireKnown(image.architecture, name),
      description: `${name} (OCI)`,
      id: name,
      type: "oci",
    },
    templates: hostTemplates,
  };
  await writeFile(path.join(described, "metadata.yaml"), stringify(metadata));
  await writeTemplates(described);
  const main = await pack({ unpacked, described, folder, seconds: image.createdSeconds, signal });
  return { ...(await adopt(createReadStream(main), main)), digest: manifest.digest };
}

const blobOf = (layout: string, digest: string): string => path.join(layout, "blobs", "sha256", digest);

/** Manifests and configurations are held in memory. */
const mostTextBytes = 4 * 1024 * 1024;

async function readSmall(file: string, name: string): Promise<string> {
  if ((await stat(file)).size <= mostTextBytes) return await readFile(file, "utf8");
  throw badRequest(
    `Cannot use the image "${name}": its manifest or configuration is longer than ${mostTextBytes} bytes. Ask whoever made the image.`,
  );
}

function requireKnown(architecture: string, name: string): string {
  const found = findArchitecture(architecture);
  if (found !== undefined) return found;
  throw badRequest(
    `Cannot use the image "${name}": its architecture ${JSON.stringify(architecture.slice(0, 50))} is not known. Choose another image.`,
  );
}

async function manifestOf(layout: string, name: string): Promise<Manifest> {
  const index = parseManifest(await readSmall(path.join(layout, "index.json"), name), name, true);
  const [first] = "choices" in index ? index.choices : [];
  if (first === undefined) throw refuse("it has no image in it", "Make it with one.");
  const manifest = parseManifest(await readSmall(blobOf(layout, first.digest), name), name);
  if ("choices" in manifest) throw refuse("it has a list in the place of an image", "Make it with one image.");
  return manifest;
}

const program = path.join(__dirname, "layers-process.js");

async function checkLayers(layout: string, { layers }: Manifest, { limits, signal }: BundleOptions) {
  const files: { path: string; compression: Compression }[] = [];
  for (const { digest } of layers) {
    const file = blobOf(layout, digest);
    const compression = await detectCompression(file);
    if (compression !== "gzip" && compression !== "none")
      throw refuse(`a layer is packed by ${compression}`, "umoci unpacks layers by gzip; make the image with these.");
    files.push({ path: file, compression });
  }
  const job: LayersJob = { layers: files, limits };
  const result = await checkedApart<LayersResult>(program, job, files, signal);
  if ("refused" in result) throw badRequest(result.refused);
  return result.checked;
}

async function umoci(
  words: readonly string[],
  {
    read,
    write,
    hasDeviceNodes,
    signal,
  }: { read: readonly string[]; write: string; hasDeviceNodes: boolean; signal: AbortSignal },
): Promise<void> {
  const confinement = { read, write, deviceNodes: hasDeviceNodes, imageAttributes: true };
  try {
    await run(...confined("umoci", words, confinement), {
      signal,
      env: { PATH: process.env.PATH, LC_ALL: "C", HOME: "/" },
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const said = (error as { details?: { stderr?: string } }).details?.stderr ?? (error as Error).message;
    throw badRequest(
      `Cannot import image: its layers cannot be put together: ${(said.trim().split("\n").at(-1) ?? "").trim().slice(-500)}. Ask whoever made the image.`,
      { cause: error },
    );
  }
}

/** The same bytes for the same image, as long as the programs are the same. */
async function pack({
  unpacked,
  described,
  folder,
  seconds,
  signal,
}: {
  readonly unpacked: string;
  readonly described: string;
  readonly folder: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}): Promise<string> {
  const packed = path.join(folder, "packed");
  await mkdir(packed);
  const main = path.join(packed, "main");
  const packer = findProgram("zstd") !== undefined ? ["zstd", "-q", "-3"] : ["gzip", "-n"];
  const tools = toolbox(["sh", "tar", packer[0]!]);
  const words = [
    "--create",
    `--file=${main}`,
    `--use-compress-program=${packer.join(" ")}`,
    "--format=pax",
    "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
    "--sort=name",
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    "--sparse",
    // Folders that no layer tells of were made now.
    "--clamp-mtime",
    `--mtime=@${seconds}`,
    `--directory=${described}`,
    "metadata.yaml",
    "config.json",
    "templates",
  ];
  const confinement = { read: [...tools.read, described, unpacked], write: packed };
  const env = { PATH: tools.searchPath, LC_ALL: "C" };
  await run(...confined("tar", words.concat(`--directory=${unpacked}`, "rootfs"), confinement), { signal, env });
  return main;
}
