/** Image: the smallest unified tarball that a server accepts. */
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** @param properties what tells one image from another @returns the bytes of the tarball */
export function tinyImage(properties: Readonly<Record<string, string>>): Promise<Buffer> {
  const metadata = { architecture: "x86_64", creation_date: 1_700_000_000, properties };
  const tar = pack();
  tar.entry({ name: "metadata.yaml" }, JSON.stringify(metadata));
  tar.entry({ name: "rootfs", type: "directory" });
  tar.entry({ name: "rootfs/hello" }, "hello");
  tar.finalize();
  return buffer(tar);
}
