/** Publish: an image of a stopped instance, or of a snapshot. What a guest left is packed as confined as it would be unpacked, and then imported as any image is. */
import path from "node:path";
import { stringify } from "yaml";
import { type Config, never } from "../../../sdk/api/common";
import { badRequest } from "../../../sdk/api/errors";
import type { ImagesPost } from "../../../sdk/api/image";
import { requireAccess } from "../../core/access";
import type { Call } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import { lockKeyOf, ref } from "../../core/ref";
import { packProgress } from "../../platform/archive/pack-progress";
import { requireCompression, writePacked } from "../../platform/archive/packed-file";
import { tarTree } from "../../platform/archive/tar-tree";
import { tarEnd, tarFile, tarFolder } from "../../platform/archive/tar-writer";
import type { RootSource } from "../../platform/native/root-source";
import type { RunningOperation } from "../../platform/operations";
import { Slots } from "../../platform/processes/slots";
import { beyond } from "./archive/limits";
import { runtimeText } from "./archive/oci-runtime";
import { scratchFolder } from "./archive/upload";
import type { ImageHome, Publishable } from "./home";
import type { ImageService } from "./service";

/** Types of a source that is an instance's or a snapshot's root. */
const types = ["instance", "container", "virtual-machine", "snapshot"];

export const isPublish = ({ source }: ImagesPost): boolean => types.includes(source.type);

const key = "images.compression_algorithm";

export class Publisher {
  /** Reading and packing a root takes a processor or two. */
  readonly #atOnce = new Slots(2);

  constructor(
    private readonly home: ImageHome,
    private readonly images: ImageService,
  ) {}

  /**
   * Starts the work; all that can be refused at once is.
   * @throws ApiError NOT_FOUND, CONFLICT for an alias that is taken, BAD_REQUEST "Cannot export a running instance as an image"
   */
  start(call: Call, post: ImagesPost): RunningOperation {
    const { changes } = this.home;
    const project = this.images.homeOf(call.project);
    requireAccess(call, [ref("image", "", project)]);
    const source = this.#sourceOf(call, post);
    const algorithm = post.compression_algorithm || this.#algorithm(call.project);
    requireCompression(algorithm);
    for (const { name } of post.aliases) this.images.aliases.requireFree(call, name);
    const aliases = post.aliases.map(({ name }) => ref("image-alias", name, project));
    return changes.start(call, {
      of: [source.of, ...aliases],
      // The instance's lock is taken only until its root is at rest.
      unlocked: true,
      content: [source.instance],
      operation: { description: "Downloading image", mayCancel: true },
      check: () => source.requireAtRest(),
      work: async (operation) => {
        const make = () => this.#make(call, source, { post, algorithm }, operation);
        const made = await this.home.locks.runAll(aliases.map(lockKeyOf), () =>
          this.#atOnce.run(make, { signal: operation.signal }),
        );
        changes.tell(call, { action: "image-created", of: ref("image", made.fingerprint, project) });
        return made;
      },
    });
  }

  #sourceOf({ project }: Call, { source }: ImagesPost): Publishable {
    const name = typeof source.name === "string" ? source.name : "";
    if (name === "") throw badRequest('No source provided. Name an instance, or instance/snapshot, in "source".');
    const found = this.home.publishables.find(project, name);
    const isSnapshot = name.includes("/");
    if (isSnapshot && source.type !== "snapshot")
      throw badRequest(`This is a snapshot. Send the source type "snapshot" for "${name}".`);
    if (!isSnapshot && source.type === "snapshot")
      throw badRequest(`Not a snapshot: "${name}". Name it as instance/snapshot.`);
    return found;
  }

  /** The project's own wins over the server's. */
  #algorithm(project: string): string {
    const { projects, server } = this.home;
    return projects.config(project)[key] || server.config()[key] || "gzip";
  }

  async #make(
    call: Call,
    source: Publishable,
    { post, algorithm }: { post: ImagesPost; algorithm: string },
    operation: RunningOperation,
  ): Promise<{ fingerprint: string; size: string }> {
    const { signal } = operation;
    await using folder = await scratchFolder(this.home.dirs.scratch);
    const main = path.join(folder.path, "main");
    const count = this.#meter(operation);
    const packed = await source.read(signal, (root, reading) =>
      writePacked(this.#archive(source, root, post, reading), main, { algorithm, signal: reading, count }),
    );
    // What it says of itself is in its metadata.
    const { public: isPublic, profiles, filename, aliases, auto_update } = post;
    // Not the first moment of 1970, as for an image that is imported.
    const expires_at = metadataOf(source, post).metadata.expiry_date === 0 ? never : undefined;
    const options = { public: isPublic, profiles, filename, aliases, auto_update, expires_at, signal };
    return await this.images.import(call.project, { main, ...packed, ...undisposed }, options);
  }

  /** Counts what is packed: an image may not be larger than one that may be imported. */
  #meter(operation: RunningOperation): (bytes: number) => void {
    const { limits } = this.images;
    const tell = packProgress(operation, "create_image_from_container_pack", "Image pack");
    let total = 0;
    return (bytes) => {
      total += bytes;
      if (total > limits.size.value) throw beyond(limits, "size", "it has more bytes");
      tell(bytes);
    };
  }

  async *#archive(
    source: Publishable,
    root: RootSource,
    post: ImagesPost,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const { metadata, templates } = metadataOf(source, post);
    // Plain words as YAML 1.1, which LXD reads, would take them for something else are quoted.
    yield tarFile("metadata.yaml", stringify(metadata, { version: "1.1", lineWidth: 0 }));
    if (source.runs !== undefined) yield tarFile("config.json", runtimeText(source.runs));
    if (Object.keys(templates).length > 0) yield tarFolder("templates");
    for (const [name, text] of Object.entries(templates)) yield tarFile(`templates/${name}`, text);
    yield* tarTree(this.home, root, "rootfs", signal);
    yield tarEnd;
  }
}

/** The scratch folder goes with its maker. */
const undisposed = { [Symbol.asyncDispose]: async () => undefined };

/** What the image says of itself: as the one that the instance was made of, but for what the request says. */
function metadataOf({ architecture, origin }: Publishable, { properties, expires_at }: ImagesPost) {
  const { metadata, templates } = origin;
  const asked: Config = properties === undefined ? metadata.properties : withoutEmpty(properties);
  const expiry = expires_at === undefined ? metadata.expiry_date : Math.floor(Date.parse(expires_at) / 1000);
  const created = metadata.creation_date || Math.floor(Date.now() / 1000);
  return {
    metadata: {
      ...metadata,
      architecture,
      creation_date: created,
      expiry_date: Math.max(0, expiry),
      properties: asked,
    },
    templates,
  };
}
