/** Check tarball: a whole tarball, read once through two readers that must agree. To be called where that is confined. */
import { type Compression, decompress } from "./compression";
import { GrowingFile, type Growth } from "./growing-file";
import { type ImageLimits, withinSize } from "./limits";
import { Listing } from "./listing";
import { readTar, type TarEntry } from "./tar";

/** @param growth of the file, which may still be coming @param check walks the entries to their end */
export async function readTarball<T>(
  { path, compression }: { readonly path: string; readonly compression: Compression },
  growth: Growth,
  limits: ImageLimits,
  check: (entries: AsyncIterable<TarEntry>) => Promise<T>,
): Promise<T> {
  await using file = await GrowingFile.open(path, growth);
  const packed = await decompress(file.bytes(), compression);
  const listing = new Listing();
  try {
    const bytes = withinSize(packed.stream, limits, file);
    const content = await check(listing.compare(readTar(listing.feed(bytes))));
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
