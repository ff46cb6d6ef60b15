/** Catalog: which images there are, and which one is meant. */
import { didYouMean } from "../../../sdk/api/config/near";
import { badRequest, notFound } from "../../../sdk/api/errors";
import type { Image } from "../../../sdk/api/image";
import { ref, urlOf } from "../../core/ref";
import type { ImageMetadata } from "./archive/metadata";
import type { OciRuntime } from "./archive/oci-runtime";
import type { ImageHome } from "./home";
import { isFingerprint } from "./remote/found";
import type { ImageFiles, ImageId, ImageRow, ImageStore } from "./store";

export interface ImageRecord extends ImageId {
  readonly architecture: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly profiles: readonly string[] | undefined;
  /** How it is packed, and what one of OCI runs. */
  readonly files: ImageFiles;
}

/** How an instance may name its image. */
export interface ImageReference {
  readonly alias?: string;
  readonly fingerprint?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

export const imageNotFound = () => notFound("Image not found");

export class ImageCatalog {
  constructor(
    protected readonly home: Pick<ImageHome, "projects">,
    protected readonly store: ImageStore,
  ) {}

  /** Where the images lie that a project sees. */
  homeOf(project: string): string {
    return this.home.projects.homeOf("images", project);
  }

  /** Those that a project sees. */
  list(project: string): Image[] {
    return this.store.list(this.homeOf(project)).map((row) => this.render(row));
  }

  /** Those of every project, each with its own. */
  listAll(): (Image & { project: string })[] {
    return this.store.list().map((row) => ({ ...this.render(row), project: row.project }));
  }

  /** Which images there are, by project. */
  ids(): ImageId[] {
    return this.store.list().map(({ project, fingerprint }) => ({ project, fingerprint }));
  }

  /** Paths of the images of some fingerprints, in every project. */
  urls(fingerprints: ReadonlySet<string>): string[] {
    const all = this.ids().filter(({ fingerprint }) => fingerprints.has(fingerprint));
    return all.map(({ project, fingerprint }) => urlOf(ref("image", fingerprint, project)));
  }

  /** Fingerprints of all images, of every project. */
  fingerprints(): string[] {
    return this.store.list().map(({ fingerprint }) => fingerprint);
  }

  /** @param prefix fingerprint or a unique beginning of it @param isPublic there are no others for who asks @throws ApiError NOT_FOUND */
  get(project: string, prefix: string, isPublic = false): Image {
    return this.render(this.record(project, prefix, isPublic));
  }

  /** @throws ApiError NOT_FOUND, or BAD_REQUEST when several begin so */
  record(project: string, prefix: string, isPublic = false): ImageRow {
    const home = this.homeOf(project);
    const isPrefix = /^[0-9a-f]{1,64}$/.test(prefix);
    const [first, second] = isPrefix ? this.#found(home, prefix, isPublic) : [];
    if (first === undefined) throw imageNotFound();
    if (second !== undefined) throw badRequest(`Image fingerprint "${prefix}" is not unique. Give more of its digits.`);
    return first;
  }

  /** An image of OCI is found by the digest of its registry as well, which clients take for its fingerprint. */
  #found(home: string, prefix: string, isPublic: boolean): ImageRow[] {
    const found = this.store.findByPrefix(home, prefix, isPublic);
    return found.length === 0 && isFingerprint(prefix) ? this.store.findByOciDigest(home, prefix, isPublic) : found;
  }

  /**
   * Finds the image that an instance is to be made from.
   * @throws ApiError NOT_FOUND "Image not found"
   */
  resolve(project: string, reference: ImageReference): ImageRecord {
    const home = this.homeOf(project);
    const { alias, fingerprint, properties } = reference;
    if (fingerprint !== undefined && fingerprint !== "") return this.record(project, fingerprint);
    if (alias !== undefined && alias !== "") {
      const entry = this.store.findAlias(home, alias);
      if (entry === undefined && this.store.findByPrefix(home, alias).length === 0) {
        const names = this.store.aliases(home).map(({ name }) => name);
        const near = didYouMean(alias, names);
        throw notFound(`Image not found: nothing has the alias or fingerprint "${alias}".${near}`);
      }
      return this.record(project, entry?.target ?? alias);
    }
    if (properties === undefined || Object.keys(properties).length === 0)
      throw badRequest("Must specify one of alias, fingerprint or properties for init from image");
    const rows = this.store
      .list(home)
      .filter((row) => Object.entries(properties).every(([key, value]) => row.properties[key] === value));
    const newest = rows.at(-1);
    if (newest === undefined) throw imageNotFound();
    return newest;
  }

  /** Every image, for those who look after them. */
  rows(): ImageRow[] {
    return this.store.list();
  }

  /** The parsed metadata.yaml, and the text of LXD's file templates by their file name. */
  readMetadata(fingerprint: string): { metadata: ImageMetadata; templates: Readonly<Record<string, string>> } {
    const { metadata, templates } = this.ofAnyProject(fingerprint);
    return { metadata, templates };
  }

  /** What an image of OCI runs; nothing for any other, and for one that is gone. */
  runtimeOf(fingerprint: string): OciRuntime | undefined {
    return this.store.findAny(fingerprint)?.files.oci;
  }

  /** What is the same for an image in every project. @throws ApiError NOT_FOUND */
  ofAnyProject(fingerprint: string): ImageRow {
    const row = this.store.findAny(fingerprint);
    if (row === undefined) throw imageNotFound();
    return row;
  }

  /** As the API shows it. */
  render(row: ImageRow): Image {
    return {
      fingerprint: row.fingerprint,
      filename: row.filename,
      size: row.size,
      type: "container",
      architecture: row.architecture,
      public: row.public,
      auto_update: row.autoUpdate,
      cached: row.cached,
      properties: { ...row.properties },
      profiles: row.profiles === undefined ? ["default"] : [...row.profiles],
      aliases: this.store.aliasesOf(row).map(({ name, description }) => ({ name, description })),
      created_at: row.createdAt,
      expires_at: row.expiresAt,
      last_used_at: row.lastUsedAt,
      uploaded_at: row.uploadedAt,
      ...(row.source === undefined ? {} : { update_source: { ...row.source } }),
    };
  }
}
