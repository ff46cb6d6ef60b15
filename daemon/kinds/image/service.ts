/** Images: import, look up, change, unpack, build from templates. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { type Config, epoch, never } from "../../../sdk/api/common";
import { didYouMean } from "../../../sdk/api/config/near";
import { ApiError, badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Image, ImagePut } from "../../../sdk/api/image";
import { type Call, ownCall } from "../../core/call";
import { withoutEmpty } from "../../core/merge";
import { projectNotFound } from "../../core/projects";
import { ref, urlOf } from "../../core/ref";
import { Revert } from "../../core/revert";
import { packPrefix } from "../../platform/archive/tar-tree";
import { syncToDisk } from "../../platform/folders/files";
import { renameAcross } from "../../platform/folders/rename-across";
import { Locks } from "../../platform/locks";
import { migratePrefix } from "../../platform/migration/rsync";
import type { RunningOperation } from "../../platform/operations";
import { nowText } from "../../platform/time";
import { type ProfileId, renamedIn } from "../profile/store";
import { ImageAliases } from "./alias/aliases";
import { exported } from "./archive/export";
import { inspect } from "./archive/inspect";
import { type ImageLimits, imageLimits } from "./archive/limits";
import type { ImageMetadata } from "./archive/metadata";
import type { OciRuntime } from "./archive/oci-runtime";
import { type UnpackOptions, unpackRoot } from "./archive/unpack";
import { scratchPrefix, type Upload } from "./archive/upload";
import { TemplateBuilds } from "./build/builds";
import { describedBy, type ImportOptions } from "./described";
import type { ImageHome } from "./home";
import { openArchive } from "./oci/archive";
import { ociPlace } from "./oci/fetch";
import { isFingerprint } from "./remote/found";
import { type RemoteFields, RemoteImages, remoteSource } from "./remote/remote-images";
import { ImageSecrets } from "./secrets";
import { type ImageFiles, type ImageId, type ImageRow, ImageStore } from "./store";

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

/** The mutable part of an image; its ETag covers the first three (docs/lxd-api.md, Changes). */
export const writable = ({ public: isPublic, auto_update, properties, profiles, expires_at }: Image): ImagePut => ({
  public: isPublic,
  auto_update,
  properties,
  profiles: profiles ?? undefined,
  expires_at,
});

const imageNotFound = () => notFound("Image not found");

export class ImageService {
  readonly #store: ImageStore;
  readonly #builds: TemplateBuilds;
  readonly aliases: ImageAliases;
  /** Those of other servers. */
  readonly remote: RemoteImages;
  readonly secrets: ImageSecrets;
  readonly #filesOf = new Locks();

  constructor(private readonly home: ImageHome) {
    this.#store = new ImageStore(home.database);
    this.#builds = new TemplateBuilds(home);
    this.aliases = new ImageAliases(this.#store, home.projects, (project, prefix) => this.record(project, prefix));
    this.remote = new RemoteImages(home, this.#store, this);
    this.secrets = new ImageSecrets(home.changes);
  }

  /** What an image may hold and cost. */
  get limits(): ImageLimits {
    return imageLimits(this.home.server.config());
  }

  /** Configuration of the server, for what goes to other servers. */
  serverConfig(): Config {
    return this.home.server.config();
  }

  /** Removes unfinished work of a daemon that was killed, and image files that no row names. What cannot be removed is logged. */
  async startUp(): Promise<void> {
    const { dirs, log, native, warnings } = this.home;
    const remove = (file: string) =>
      native.removeTree(file).catch((error: unknown) => log.error("Cannot remove unfinished work", { file, error }));
    for (const name of await readdir(dirs.scratch))
      if ([scratchPrefix, packPrefix, migratePrefix].some((prefix) => name.startsWith(prefix)))
        await remove(path.join(dirs.scratch, name));
    const rows = this.#store.list();
    const known = new Set(rows.flatMap((row) => this.#fileNames(row)));
    const files = await readdir(dirs.images);
    for (const name of files.filter((file) => /^[0-9a-f]{64}(\.rootfs)?$/.test(file) && !known.has(file)))
      if (await this.home.isCrashLeftover(path.join(dirs.images, name))) await remove(path.join(dirs.images, name));
    for (const row of rows)
      for (const name of this.#fileNames(row))
        if (!files.includes(name)) {
          const message = `"${path.join(dirs.images, name)}" is missing. Delete the image and import it again; instances made of it go on`;
          warnings.record("imageMissing", { message, entity: urlOf(ref("image", row.fingerprint, row.project)) });
        }
  }

  #fileNames({ fingerprint, files }: ImageRow): string[] {
    return files.rootfs === undefined ? [fingerprint] : [fingerprint, `${fingerprint}.rootfs`];
  }

  /** Where the images lie that a project sees. */
  homeOf(project: string): string {
    return this.home.projects.homeOf("images", project);
  }

  /** Those that a project sees. */
  list(project: string): Image[] {
    return this.#store.list(this.homeOf(project)).map((row) => this.#render(row));
  }

  /** Those of every project, each with its own. */
  listAll(): (Image & { project: string })[] {
    return this.#store.list().map((row) => ({ ...this.#render(row), project: row.project }));
  }

  /** Which images there are, by project. */
  ids(): ImageId[] {
    return this.#store.list().map(({ project, fingerprint }) => ({ project, fingerprint }));
  }

  /** Paths of the images of some fingerprints, in every project. */
  urls(fingerprints: ReadonlySet<string>): string[] {
    const all = this.ids().filter(({ fingerprint }) => fingerprints.has(fingerprint));
    return all.map(({ project, fingerprint }) => urlOf(ref("image", fingerprint, project)));
  }

  /** Fingerprints of all images, of every project. */
  fingerprints(): string[] {
    return this.#store.list().map(({ fingerprint }) => fingerprint);
  }

  /** @param prefix fingerprint or a unique beginning of it @param isPublic there are no others for who asks @throws ApiError NOT_FOUND */
  get(project: string, prefix: string, isPublic = false): Image {
    return this.#render(this.record(project, prefix, isPublic));
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
    const found = this.#store.findByPrefix(home, prefix, isPublic);
    return found.length === 0 && isFingerprint(prefix) ? this.#store.findByOciDigest(home, prefix, isPublic) : found;
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
      const entry = this.#store.findAlias(home, alias);
      if (entry === undefined && this.#store.findByPrefix(home, alias).length === 0) {
        const names = this.#store.aliases(home).map(({ name }) => name);
        const near = didYouMean(alias, names);
        throw notFound(`Image not found: nothing has the alias or fingerprint "${alias}".${near}`);
      }
      return this.record(project, entry?.target ?? alias);
    }
    if (properties === undefined || Object.keys(properties).length === 0)
      throw badRequest("Must specify one of alias, fingerprint or properties for init from image");
    const rows = this.#store
      .list(home)
      .filter((row) => Object.entries(properties).every(([key, value]) => row.properties[key] === value));
    const newest = rows.at(-1);
    if (newest === undefined) throw imageNotFound();
    return newest;
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
  async requireTemplate(name: string): Promise<void> {
    await this.#builds.find(name);
  }

  /** Makes sure that the template ("busybox", "debian/12") is built as an image, once for all who ask at the same time. */
  async fromTemplate(project: string, name: string, operation: RunningOperation): Promise<ImageRecord> {
    const template = await this.#builds.find(name);
    const home = this.homeOf(project);
    const built = this.#store.findBuilt(home, template.digest);
    if (built !== undefined) return built;
    const elsewhere = this.#store.findBuilt(undefined, template.digest);
    if (elsewhere !== undefined) return await this.#share(project, elsewhere);
    const keep = async (upload: Upload) => {
      await using uploaded = upload;
      return await this.#keepBuilt(home, uploaded, template.digest);
    };
    const fingerprint = await this.#builds.build(template, operation, keep).catch((error: unknown) => {
      // Whoever asked first may have lost its project, and the image with it.
      if (!ApiError.is(error) || error.message !== projectNotFound) throw error;
      this.home.projects.require(project);
      return this.#builds.build(template, operation, keep);
    });
    // Another project may have asked for it first.
    return this.#store.find({ project: home, fingerprint }) ?? (await this.#share(project, this.#any(fingerprint)));
  }

  /** Lets a project have what a template gave another one: a template is the same for all. */
  #share(caller: string, row: ImageRow): Promise<ImageRow> {
    return this.share(caller, row, {});
  }

  /** Lets a project have the files of another one's image. What that one says of it is its own affair. @returns the image, which may have been there */
  async share(caller: string, row: ImageRow, options: ImportOptions): Promise<ImageRow> {
    const project = this.homeOf(caller);
    const { fingerprint } = row;
    await this.home.changes.run(ownCall(project), {
      of: [ref("image", fingerprint, project)],
      // The files stay as long as a row has them.
      work: () =>
        this.#filesOf.run(fingerprint, async () => {
          this.#any(fingerprint);
          this.#requireHome(caller, project);
          if (this.#store.find({ project, fingerprint }) !== undefined) return;
          const { metadata, files, templates, size, builtFrom } = row;
          this.#requireRoom(caller, project, size);
          this.#store.insert({
            ...describedBy(metadata, options),
            ...{ project, fingerprint, size, templates, files },
            builtFrom: options.builtFrom ?? (options.source === undefined ? builtFrom : undefined),
          });
        }),
    });
    return this.record(caller, fingerprint);
  }

  /** Stores what a template gave; the same bytes may be there from an earlier import. */
  async #keepBuilt(project: string, upload: Upload, digest: string): Promise<string> {
    try {
      await this.home.changes.run(ownCall(project), {
        of: [ref("image", upload.fingerprint, project)],
        work: () => this.import(project, upload, { builtFrom: digest }),
      });
    } catch (error) {
      if (!ApiError.is(error) || error.code !== "CONFLICT") throw error;
      this.#store.setBuiltFrom({ project, fingerprint: upload.fingerprint }, digest);
    }
    return upload.fingerprint;
  }

  /** Checks uploaded files and makes an image of them: the files first, the row last. @returns what the operation tells */
  async import(caller: string, upload: Upload, options: ImportOptions): Promise<{ fingerprint: string; size: string }> {
    const { fingerprint, sizeBytes } = upload;
    if (options.expectedFingerprint !== undefined && options.expectedFingerprint !== fingerprint)
      throw badRequest(
        `Cannot import image: its fingerprint is ${fingerprint}, not ${options.expectedFingerprint}. Send it again.`,
      );
    const project = this.homeOf(caller);
    this.#requireRoom(caller, project, sizeBytes);
    const inspected = await inspect(upload, this.limits, options.signal);
    if (inspected === undefined) return await this.#importArchive(caller, upload, options);
    // The files are those of every project.
    await this.#filesOf.run(fingerprint, async () => {
      if (this.#store.find({ project, fingerprint }) !== undefined)
        throw conflict("Image with same fingerprint already exists");
      await using undo = new Revert(this.home.log);
      for (const [from, to] of this.#moves(upload)) {
        // Another project may have it.
        const isShared = this.#store.findAny(fingerprint) !== undefined;
        if (!isShared) undo.add(() => rm(to, { force: true }));
        await syncToDisk(from);
        await renameAcross(from, to);
      }
      await syncToDisk(this.#file(fingerprint));
      const { metadata } = inspected;
      this.#requireHome(caller, project);
      this.#requireRoom(caller, project, sizeBytes);
      this.home.database.transaction(() => {
        this.#store.insert({
          ...describedBy(metadata, options),
          ...{ project, fingerprint, size: sizeBytes },
          templates: inspected.templates,
          files: inspected.files,
          builtFrom: options.builtFrom,
        });
        for (const { name, description } of options.aliases ?? [])
          this.aliases.create(ownCall(project), { name, description, target: fingerprint, type: "container" });
      });
      undo.keep();
    });
    return { fingerprint, size: String(sizeBytes) };
  }

  /** What goes into a project that shares its images with others is not limited by it, as in LXD. @throws ApiError BAD_REQUEST */
  #requireRoom(caller: string, project: string, bytes: number): void {
    if (caller === project) this.home.projects.allowImage(project, bytes);
  }

  /** A layout of OCI becomes an image of another fingerprint; one that is here already will do. */
  async #importArchive(caller: string, { main }: Upload, options: ImportOptions) {
    const project = this.homeOf(caller);
    const { signal = new AbortController().signal, filename = "" } = options;
    const { architecture } = this.remote.settings(project);
    const name = filename === "" ? "archive" : filename;
    await using made = await openArchive(ociPlace(this.home), main, { name, architecture, signal });
    const { builtFrom, fingerprint } = made;
    return await this.home.changes.run(ownCall(project), {
      of: [ref("image", fingerprint, project)],
      work: async () => {
        const there = this.#store.findBuilt(project, builtFrom) ?? this.#store.find({ project, fingerprint });
        if (there !== undefined) return { fingerprint: there.fingerprint, size: String(there.size) };
        return await this.import(caller, made, { ...options, builtFrom, expectedFingerprint: undefined });
      },
    });
  }

  /** Whether a project still has its images where it had them. @throws ApiError NOT_FOUND, CONFLICT */
  #requireHome(project: string, home: string): void {
    this.home.projects.require(project);
    if (this.homeOf(project) !== home)
      throw conflict(`Cannot keep image: the features of project "${project}" were changed meanwhile. Try again.`);
  }

  #file(fingerprint: string): string {
    return path.join(this.home.dirs.images, fingerprint);
  }

  #moves({ fingerprint, main, rootfs }: Upload): [from: string, to: string][] {
    const file = this.#file(fingerprint);
    return rootfs === undefined
      ? [[main, file]]
      : [
          [rootfs, `${file}.rootfs`],
          [main, file],
        ];
  }

  /** Replaces the mutable part. */
  update(project: string, fingerprint: string, put: ImagePut): void {
    const row = this.record(project, fingerprint);
    for (const name of put.profiles ?? []) if (!row.profiles?.includes(name)) this.home.profiles.record(project, name);
    this.#store.update({
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
    this.#store.update({ ...row, cached: false, filename: filename || row.filename });
  }

  /** Brings an image up to date from where it came. @returns the newer one, or nothing when there is none @throws ApiError as RemoteImages does */
  refresh(call: Call, id: ImageId, operation: RunningOperation): Promise<ImageId | undefined> {
    return this.remote.refresh(call, id, operation, (old) => this.delete(old.project, old.fingerprint));
  }

  /** Every image, for those who look after them. */
  rows(): ImageRow[] {
    return this.#store.list();
  }

  /** Follows a renamed or deleted profile, within the caller's transaction. @param to undefined when it is deleted */
  followProfile({ project, name }: ProfileId, to: string | undefined): void {
    for (const row of this.#store.list())
      if (row.profiles?.includes(name) && this.home.projects.homeOf("profiles", row.project) === project)
        this.#store.update({ ...row, profiles: renamedIn(row.profiles, name, to) });
  }

  /** Removes the image and its aliases; with the last one of its fingerprint its files and its volumes in every pool. Instances made from it stay. */
  async delete(project: string, fingerprint: string): Promise<void> {
    const row = this.record(project, fingerprint);
    const { volumes } = this.home;
    await this.#filesOf.run(row.fingerprint, async () => {
      const isLast = this.#store.list().filter((other) => other.fingerprint === row.fingerprint).length === 1;
      if (isLast) await volumes.forgetImage(row.fingerprint);
      this.#store.delete(row);
      if (!isLast) return;
      // Once more for an instance that was being made from it meanwhile; now nobody finds the image any longer.
      await volumes.forgetImage(row.fingerprint);
      for (const file of [this.#file(row.fingerprint), `${this.#file(row.fingerprint)}.rootfs`])
        await rm(file, { force: true });
    });
  }

  /** Where the stored files are; the root apart for a split image. */
  files(project: string, fingerprint: string): { row: ImageRow; main: string; rootfs: string | undefined } {
    return this.#filesOfRow(this.record(project, fingerprint));
  }

  /** An image for a daemon within a container: one that everybody may have, or that was only fetched for a use. @throws ApiError NOT_FOUND */
  exportForGuest(project: string, fingerprint: string): ReturnType<typeof exported> {
    const row = this.record(project, fingerprint);
    const { public: isPublic, cached } = this.#render(row);
    if (!isPublic && !cached) throw imageNotFound();
    return exported(this.#filesOfRow(row));
  }

  #filesOfRow(row: ImageRow): { row: ImageRow; main: string; rootfs: string | undefined } {
    this.home.damages.requireNone(urlOf(ref("image", row.fingerprint, row.project)), `use image "${row.fingerprint}"`);
    const main = this.#file(row.fingerprint);
    return { row, main, rootfs: row.files.rootfs === undefined ? undefined : `${main}.rootfs` };
  }

  /** Unpacks the root file system into an empty folder. @throws ApiError NOT_FOUND */
  async unpack(fingerprint: string, rootPath: string, options: UnpackOptions): Promise<void> {
    const { row, main, rootfs } = this.#filesOfRow(this.#any(fingerprint));
    await unpackRoot(rootfs ?? main, row.files, rootPath, this.limits, options);
  }

  /** The parsed metadata.yaml, and the text of LXD's file templates by their file name. */
  readMetadata(fingerprint: string): { metadata: ImageMetadata; templates: Readonly<Record<string, string>> } {
    const { metadata, templates } = this.#any(fingerprint);
    return { metadata, templates };
  }

  /** What an image of OCI runs; nothing for any other, and for one that is gone. */
  runtimeOf(fingerprint: string): OciRuntime | undefined {
    return this.#store.findAny(fingerprint)?.files.oci;
  }

  /** What is the same for an image in every project. @throws ApiError NOT_FOUND */
  #any(fingerprint: string): ImageRow {
    const row = this.#store.findAny(fingerprint);
    if (row === undefined) throw imageNotFound();
    return row;
  }

  /** Notes that an instance was made of the image. */
  touch(image: ImageId): void {
    this.#store.setLastUsed(image, nowText());
  }

  #render(row: ImageRow): Image {
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
      aliases: this.#store.aliasesOf(row).map(({ name, description }) => ({ name, description })),
      created_at: row.createdAt,
      expires_at: row.expiresAt,
      last_used_at: row.lastUsedAt,
      uploaded_at: row.uploadedAt,
      ...(row.source === undefined ? {} : { update_source: { ...row.source } }),
    };
  }
}
