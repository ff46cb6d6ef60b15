/** A registry of images of OCI in a network namespace (OCI distribution specification), as far as it takes to pull. */
import { ImageServer, type ImageServerOptions, type Rule } from "./image-server";
import { listType, manifestType, type OciImage, sha256 } from "./oci";

type NewRule = Omit<Rule, "id">;

export class Registry implements AsyncDisposable {
  readonly #types = new Map<string, string>();

  private constructor(readonly server: ImageServer) {}

  /** @param netnsPid of a process in the namespace */
  static async start(netnsPid: number, options: ImageServerOptions): Promise<Registry> {
    return new Registry(await ImageServer.start(netnsPid, options));
  }

  get url(): string {
    return this.server.url;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }

  /** Has an image under a tag. */
  offer(repository: string, tag: string, image: OciImage): void {
    for (const [digest, bytes] of image.blobs) this.server.put(`v2/${repository}/blobs/sha256:${digest}`, bytes);
    this.#manifest(repository, `sha256:${image.digest}`, image.manifest, manifestType);
    this.#manifest(repository, tag, image.manifest, manifestType);
    this.rule();
  }

  /** Has a list of images for several platforms under a tag. @returns the list's digest */
  offerList(repository: string, tag: string, images: Readonly<Record<string, OciImage>>): string {
    const manifests = Object.entries(images).map(([architecture, image]) => {
      this.offer(repository, `of-${architecture}`, image);
      const platform = { architecture, os: "linux" };
      return { mediaType: manifestType, digest: `sha256:${image.digest}`, size: image.manifest.length, platform };
    });
    const list = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: listType, manifests }));
    this.#manifest(repository, tag, list, listType);
    this.rule();
    return sha256(list);
  }

  #manifest(repository: string, name: string, bytes: Buffer, type: string): void {
    this.server.put(`v2/${repository}/manifests/${name}`, bytes);
    this.#types.set(`/v2/${repository}/manifests/${name}`, type);
  }

  /** What it does otherwise than a registry would, before its own ways. */
  rule(...rules: readonly NewRule[]): void {
    const types = [...this.#types].map(([path, type]): NewRule => ({ path, headers: { "content-type": type } }));
    this.server.rule(
      ...rules,
      // The longest first: a tag may begin as another one does.
      ...types.sort((a, b) => b.path.length - a.path.length),
      { path: "/v2/", whole: true, status: 200, body: "{}" },
    );
  }

  /** Paths that were asked for since the last time, without the greeting. */
  asked(): string[] {
    return this.server
      .asked()
      .map(({ url }) => url)
      .filter((url) => url !== "/v2/");
  }
}
