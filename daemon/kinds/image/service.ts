/** Images: what is done with them, and where each part of that is: which there are (catalog), their bytes (stored files), how they come here (arrivals). */
import { type Config, epoch, never } from "../../../sdk/api/common";
import type { Image, ImagePut } from "../../../sdk/api/image";
import type { Call } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import type { RunningOperation } from "../../platform/operations";
import { nowText } from "../../platform/time";
import { type ProfileId, renamedIn } from "../profile/store";
import { ImageAliases } from "./alias/aliases";
import { exported } from "./archive/export";
import { type ImageLimits, imageLimits } from "./archive/limits";
import { type UnpackOptions, unpackRoot } from "./archive/unpack";
import type { Upload } from "./archive/upload";
import { ImageArrivals } from "./arrivals";
import { ImageCatalog, type ImageRecord, imageNotFound } from "./catalog";
import type { ImportOptions } from "./described";
import type { ImageHome } from "./home";
import { type RemoteFields, RemoteImages, remoteSource } from "./remote/remote-images";
import { ImageSecrets } from "./secrets";
import { type ImageId, type ImageRow, ImageStore } from "./store";
import { type FilesOfImage, StoredFiles } from "./stored-files";

/** The mutable part of an image; its ETag covers the first three (docs/lxd-api.md, Changes). */
export const writable = ({ public: isPublic, auto_update, properties, profiles, expires_at }: Image): ImagePut => ({
  public: isPublic,
  auto_update,
  properties,
  profiles: profiles ?? undefined,
  expires_at,
});

export class ImageService extends ImageCatalog {
  readonly aliases: ImageAliases;
  /** Those of other servers. */
  readonly remote: RemoteImages;
  readonly secrets: ImageSecrets;
  readonly #files: StoredFiles;
  readonly #arrivals: ImageArrivals;

  constructor(protected override readonly home: ImageHome) {
    super(home, new ImageStore(home.database));
    this.#files = new StoredFiles(home);
    this.aliases = new ImageAliases(this.store, home.projects, (project, prefix) => this.record(project, prefix));
    this.remote = new RemoteImages(home, this.store, this);
    this.secrets = new ImageSecrets(home.changes);
    this.#arrivals = new ImageArrivals(home, {
      store: this.store,
      catalog: this,
      files: this.#files,
      aliases: this.aliases,
      architectureOf: (project) => this.remote.settings(project).architecture,
    });
  }

  /** What an image may hold and cost. */
  get limits(): ImageLimits {
    return imageLimits(this.home.server.config());
  }

  /** Configuration of the server, for what goes to other servers. */
  serverConfig(): Config {
    return this.home.server.config();
  }

  /** Removes what a daemon that was killed has left, and tells of images without files. */
  startUp(): Promise<void> {
    return this.#files.startUp(this.store.list());
  }

  /**
   * Reads where on another server the image of a new instance lies.
   * @returns what fetches it, as an image that goes again when nobody has used it for long @throws ApiError BAD_REQUEST
   */
  planRemote(call: Call, fields: RemoteFields): (operation: RunningOperation) => Promise<ImageRecord> {
    const source = remoteSource(fields);
    return (operation) => {
      const autoUpdate = this.remote.settings(this.homeOf(call.project)).updateCached;
      return this.remote.fetch(call, source, operation, { preferCached: true, cached: true, autoUpdate });
    };
  }

  /** @throws ApiError NOT_FOUND that names the templates there are */
  requireTemplate(name: string): Promise<void> {
    return this.#arrivals.requireTemplate(name);
  }

  /** Makes sure that the template ("busybox", "debian/12") is built as an image, once for all who ask at the same time. */
  fromTemplate(project: string, name: string, operation: RunningOperation): Promise<ImageRecord> {
    return this.#arrivals.fromTemplate(project, name, operation);
  }

  /** Lets a project have the files of another one's image. @returns the image, which may have been there */
  share(caller: string, row: ImageRow, options: ImportOptions): Promise<ImageRow> {
    return this.#arrivals.share(caller, row, options);
  }

  /** Checks uploaded files and makes an image of them. @returns what the operation tells @throws ApiError */
  import(caller: string, upload: Upload, options: ImportOptions): Promise<{ fingerprint: string; size: string }> {
    return this.#arrivals.import(caller, upload, options);
  }

  /** Replaces the mutable part. */
  update(project: string, fingerprint: string, put: ImagePut): void {
    const row = this.record(project, fingerprint);
    for (const name of put.profiles ?? []) if (!row.profiles?.includes(name)) this.home.profiles.record(project, name);
    this.store.update({
      ...row,
      public: put.public,
      autoUpdate: put.auto_update,
      properties: withoutEmpty(put.properties),
      profiles: put.profiles,
      // The year 1 is Go's word for no time at all; images have the epoch for that, as in LXD.
      expiresAt: (put.expires_at === never ? epoch : put.expires_at) ?? row.expiresAt,
    });
  }

  /** Notes that somebody wants an image for itself: it stays, used or not. @param filename what it is called here, if something else */
  keep(project: string, fingerprint: string, filename: string | undefined): void {
    const row = this.record(project, fingerprint);
    this.store.update({ ...row, cached: false, filename: filename || row.filename });
  }

  /** Brings an image up to date from where it came. @returns the newer one, or nothing when there is none @throws ApiError as RemoteImages does */
  refresh(call: Call, id: ImageId, operation: RunningOperation): Promise<ImageId | undefined> {
    return this.remote.refresh(call, id, operation, (old) => this.delete(old.project, old.fingerprint));
  }

  /** Follows a renamed or deleted profile, within the caller's transaction. @param to undefined when it is deleted */
  followProfile({ project, name }: ProfileId, to: string | undefined): void {
    for (const row of this.store.list())
      if (row.profiles?.includes(name) && this.home.projects.homeOf("profiles", row.project) === project)
        this.store.update({ ...row, profiles: renamedIn(row.profiles, name, to) });
  }

  /** Removes the image and its aliases; with the last one of its fingerprint its files and its volumes in every pool. Instances made from it stay. */
  async delete(project: string, fingerprint: string): Promise<void> {
    const row = this.record(project, fingerprint);
    const { volumes } = this.home;
    await this.#files.alone(row.fingerprint, async () => {
      const isLast = this.store.list().filter((other) => other.fingerprint === row.fingerprint).length === 1;
      if (isLast) await volumes.forgetImage(row.fingerprint);
      this.store.delete(row);
      if (!isLast) return;
      // Once more for an instance that was being made from it meanwhile; now nobody finds the image any longer.
      await volumes.forgetImage(row.fingerprint);
      await this.#files.remove(row.fingerprint);
    });
  }

  /** Where the stored files are; the root apart for a split image. */
  files(project: string, fingerprint: string): FilesOfImage {
    return this.#files.of(this.record(project, fingerprint));
  }

  /** An image for a daemon within a container: one that everybody may have, or that was only fetched for a use. @throws ApiError NOT_FOUND */
  exportForGuest(project: string, fingerprint: string): ReturnType<typeof exported> {
    const row = this.record(project, fingerprint);
    const { public: isPublic, cached } = this.render(row);
    if (!isPublic && !cached) throw imageNotFound();
    return exported(this.#files.of(row));
  }

  /** Unpacks the root file system into an empty folder. @throws ApiError NOT_FOUND */
  async unpack(fingerprint: string, rootPath: string, options: UnpackOptions): Promise<void> {
    const { row, main, rootfs } = this.#files.of(this.ofAnyProject(fingerprint));
    await unpackRoot(rootfs ?? main, row.files, rootPath, this.limits, options);
  }

  /** Notes that an instance was made of the image. */
  touch(image: ImageId): void {
    this.store.setLastUsed(image, nowText());
  }
}
