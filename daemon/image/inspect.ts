/** Inspect: everything that must hold before a file becomes an image. */
import { run } from "../run";
import { checkTar, type Part, refuse, type TarContent } from "./check";
import { type Compression, decompress, detectCompression } from "./compression";
import { Listing } from "./listing";
import { checkTemplates, type ImageMetadata, parseMetadata } from "./metadata";
import type { ImageFiles } from "./store";
import { readTar } from "./tar";

export interface Inspected {
  readonly files: ImageFiles;
  readonly metadata: ImageMetadata;
  readonly templates: Readonly<Record<string, string>>;
}

/** @throws ApiError BAD_REQUEST "Cannot import image: <cause>. <what to do>" */
export async function inspect(image: { main: string; rootfs?: string }): Promise<Inspected> {
  const main = await detectCompression(image.main);
  if (main === "squashfs")
    throw refuse(
      "it is a squashfs alone",
      "Send it as the part rootfs, after a tarball with metadata.yaml as the part metadata.",
    );
  const content = await inspectTar(image.main, main, image.rootfs === undefined ? "unified" : "metadata");
  const metadata = parseMetadata(content.metadataYaml!);
  checkTemplates(metadata, content.templates);
  if (image.rootfs === undefined)
    return { files: { main, layout: content.layout }, metadata, templates: content.templates };
  const rootfs = await detectCompression(image.rootfs);
  const layout =
    rootfs === "squashfs"
      ? await inspectSquashfs(image.rootfs)
      : (await inspectTar(image.rootfs, rootfs, "rootfs")).layout;
  return { files: { main, rootfs, layout }, metadata, templates: content.templates };
}

/** Reads the whole tarball once, through two readers that must agree. */
async function inspectTar(filePath: string, compression: Compression, part: Part): Promise<TarContent> {
  const packed = await decompress(filePath, compression);
  const listing = new Listing();
  try {
    const content = await checkTar(listing.compare(readTar(listing.feed(packed.stream))), part);
    await packed.done();
    await listing.end();
    return content;
  } catch (error) {
    packed.stop();
    listing.stop();
    // A decompressor that failed leaves a truncated stream behind; its own word says why.
    await packed.done();
    throw error;
  }
}

/** A squashfs holds a tree, not a list of writes; unsquashfs itself refuses impossible and repeated names. */
async function inspectSquashfs(filePath: string): Promise<ImageFiles["layout"]> {
  const { code, stderr } = await run("unsquashfs", ["-lc", filePath], { accept: [0, 1, 2] });
  if (code !== 0)
    throw refuse(
      `its squashfs is broken: ${stderr.trim().replaceAll("\n", "; ") || "unsquashfs cannot read it"}`,
      "Make it again with mksquashfs.",
    );
  return { prefix: "", deviceNodes: [] };
}
