/** What tests of images of OCI have in common: whether this machine can, and an image that stays up. */
import { hasProgram } from "./netns";
import { busyboxLayer, type OciImage, ociImage, type RunConfig } from "./oci";
import { requireFeature } from "./require";

/** Why tests of images of OCI cannot run here, or false. */
export const lacksOci = () =>
  requireFeature(
    "oci",
    process.getuid?.() === 0 && ["skopeo", "umoci", "busybox"].every((program) => hasProgram(program)),
  );

/** An image whose command waits. @param name which is in its file /name */
export const waitingImage = (name: string, run: RunConfig = {}): Promise<OciImage> =>
  ociImage({
    layers: [busyboxLayer(), [{ name: "name", content: name }]],
    run: { Cmd: ["/bin/sleep", "1000"], Env: ["PATH=/bin"], ...run },
  });
