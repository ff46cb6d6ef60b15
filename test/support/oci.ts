/** Images of OCI for tests: layouts made on the spot, around the host's static busybox (OCI image specification). */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { findProgram } from "../../sdk/host/program";
import { type Entry, tarball } from "../daemon/image-scene";

export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const listType = "application/vnd.oci.image.index.v1+json";

/** What an image runs, in the words of its configuration. */
export interface RunConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly Volumes?: Readonly<Record<string, object>>;
}

export interface OciImage {
  /** Content by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly manifest: Buffer;
  /** Its digest. */
  readonly digest: string;
}

export interface ImageParts {
  readonly layers: readonly (readonly Entry[])[];
  readonly run: RunConfig;
  /** In place of what the configuration would say. */
  readonly config?: object;
  /** In place of what the manifest would say. */
  readonly manifest?: object;
}

const busyboxFile = findProgram("busybox") ?? "/bin/busybox";

/** A layer with busybox and what every program looks for. */
export const busyboxLayer = (): Entry[] => [
  { name: "bin/", type: "directory", mode: 0o755 },
  { name: "bin/busybox", content: readFileSync(busyboxFile), mode: 0o755 },
  ...["sh", "sleep", "cat", "id", "ps", "ls", "ip", "nslookup", "wget", "kill", "env", "test", "echo", "nc"].map(
    (applet): Entry => ({ name: `bin/${applet}`, type: "symlink", linkname: "busybox", mode: 0o777 }),
  ),
  { name: "etc/", type: "directory", mode: 0o755 },
  { name: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv/app:/bin/sh\n" },
  { name: "etc/group", content: "root:x:0:\napp:x:1001:\n" },
  { name: "tmp/", type: "directory", mode: 0o1777 },
];

export async function ociImage({ layers, run, config, manifest }: ImageParts): Promise<OciImage> {
  const blobs = new Map<string, Buffer>();
  const keep = (bytes: Buffer) => {
    blobs.set(sha256(bytes), bytes);
    return { digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const plain = await Promise.all(layers.map((entries) => tarball([...entries])));
  const packed = plain.map((bytes) => keep(gzipSync(bytes)));
  const image = {
    created: "2024-01-02T03:04:05Z",
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: run,
    rootfs: { type: "layers", diff_ids: plain.map((bytes) => `sha256:${sha256(bytes)}`) },
    ...config,
  };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...keep(Buffer.from(JSON.stringify(image))) },
      layers: packed.map((blob) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...blob })),
      ...manifest,
    }),
  );
  return { blobs, manifest: bytes, digest: sha256(bytes) };
}

/** Writes a layout with images by tag into an empty folder. */
export function writeLayout(folder: string, images: Readonly<Record<string, OciImage>>): void {
  mkdirSync(path.join(folder, "blobs", "sha256"), { recursive: true });
  const manifests = Object.entries(images).map(([tag, { blobs, manifest, digest }]) => {
    for (const [name, bytes] of blobs) writeFileSync(path.join(folder, "blobs", "sha256", name), bytes);
    writeFileSync(path.join(folder, "blobs", "sha256", digest), manifest);
    const annotations = { "org.opencontainers.image.ref.name": tag };
    return { mediaType: manifestType, digest: `sha256:${digest}`, size: manifest.length, annotations };
  });
  writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  writeFileSync(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}
