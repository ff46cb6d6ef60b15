/** Archive: a tarball of a layout of OCI, as clients send them, becomes an image like any other. */
import { hostArchitecture } from "../../../../sdk/host/architecture";
import { removeTree } from "../archive/tree";
import { scratchFolder, type Upload } from "../archive/upload";
import { bundle } from "./bundle";
import { builtFromOci, type OciPlace } from "./fetch";
import { requirePrograms, Skopeo } from "./skopeo";

/**
 * @param file checked before, as any tarball @param name of the file, for the image's properties
 * @returns the image's files, in a folder that goes with them, and what it is known by (builtFrom)
 * @throws ApiError BAD_REQUEST for a layout that holds no image for this host, or several
 */
export async function openArchive(
  place: OciPlace,
  file: string,
  { name, architecture, signal }: { name: string; architecture: string | undefined; signal: AbortSignal },
): Promise<Upload & { readonly builtFrom: string }> {
  requirePrograms();
  const folder = await scratchFolder(place.scratch);
  const dispose = () => removeTree(folder.path);
  try {
    const skopeo = new Skopeo(folder.path, signal);
    await skopeo.open(file, architecture ?? hostArchitecture);
    const options = { name, folder: folder.path, limits: place.limits, signal };
    const { digest, ...made } = await bundle(skopeo.layout, options);
    return { ...made, builtFrom: builtFromOci(digest, digest), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
