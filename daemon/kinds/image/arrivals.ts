/** Arrivals: how images come to be here: of files, of archives of OCI, of templates, and of what another project has. */
import { ApiError, badRequest, conflict } from "../../../sdk/api/errors";
import { ownCall } from "../../core/call";
import { projectNotFound } from "../../core/projects";
import { ref } from "../../core/ref";
import { Revert } from "../../core/revert";
import type { RunningOperation } from "../../platform/operations";
import type { ImageAliases } from "./alias/aliases";
import { inspect } from "./archive/inspect";
import { imageLimits } from "./archive/limits";
import type { Upload } from "./archive/upload";
import { TemplateBuilds } from "./build/builds";
import type { ImageCatalog, ImageRecord } from "./catalog";
import { describedBy, type ImportOptions } from "./described";
import type { ImageHome } from "./home";
import { openArchive } from "./oci/archive";
import { ociPlace } from "./oci/fetch";
import type { ImageRow, ImageStore } from "./store";
import type { StoredFiles } from "./stored-files";

/** What arrivals need of the rest. */
export interface ArrivalParts {
  readonly store: ImageStore;
  readonly catalog: ImageCatalog;
  readonly files: StoredFiles;
  readonly aliases: ImageAliases;
  /** For which architecture an image is taken of several; the host's when undefined. */
  readonly architectureOf: (project: string) => string | undefined;
}

export class ImageArrivals {
  readonly #builds: TemplateBuilds;
  readonly #store: ImageStore;

  constructor(
    private readonly home: ImageHome,
    private readonly parts: ArrivalParts,
  ) {
    this.#builds = new TemplateBuilds(home);
    this.#store = parts.store;
  }

  /** @throws ApiError NOT_FOUND that names the templates there are */
  async requireTemplate(name: string): Promise<void> {
    await this.#builds.find(name);
  }

  /** Makes sure that the template ("busybox", "debian/12") is built as an image, once for all who ask at the same time. */
  async fromTemplate(project: string, name: string, operation: RunningOperation): Promise<ImageRecord> {
    const template = await this.#builds.find(name);
    const home = this.parts.catalog.homeOf(project);
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
    return (
      this.#store.find({ project: home, fingerprint }) ??
      (await this.#share(project, this.parts.catalog.ofAnyProject(fingerprint)))
    );
  }

  /** Lets a project have what a template gave another one: a template is the same for all. */
  #share(caller: string, row: ImageRow): Promise<ImageRow> {
    return this.share(caller, row, {});
  }

  /** Lets a project have the files of another one's image. What that one says of it is its own affair. @returns the image, which may have been there */
  async share(caller: string, row: ImageRow, options: ImportOptions): Promise<ImageRow> {
    const project = this.parts.catalog.homeOf(caller);
    const { fingerprint } = row;
    await this.home.changes.run(ownCall(project), {
      of: [ref("image", fingerprint, project)],
      // The files stay as long as a row has them.
      work: () =>
        this.parts.files.alone(fingerprint, async () => {
          this.parts.catalog.ofAnyProject(fingerprint);
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
    return this.parts.catalog.record(caller, fingerprint);
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
    const project = this.parts.catalog.homeOf(caller);
    this.#requireRoom(caller, project, sizeBytes);
    const written = this.parts.files.write(upload);
    // Whoever waits for it gets the failure.
    written.catch(() => undefined);
    const inspected = await inspect(upload, imageLimits(this.home.server.config()), options.signal);
    if (inspected === undefined) return await this.#importArchive(caller, upload, options);
    // The files are those of every project.
    await this.parts.files.alone(fingerprint, async () => {
      if (this.#store.find({ project, fingerprint }) !== undefined)
        throw conflict("Image with same fingerprint already exists");
      await using undo = new Revert(this.home.log);
      await written;
      await this.parts.files.bring(upload, undo, () => this.#store.findAny(fingerprint) !== undefined);
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
          this.parts.aliases.create(ownCall(project), { name, description, target: fingerprint, type: "container" });
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
    const project = this.parts.catalog.homeOf(caller);
    const { signal = new AbortController().signal, filename = "" } = options;
    const architecture = this.parts.architectureOf(project);
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
    if (this.parts.catalog.homeOf(project) !== home)
      throw conflict(`Cannot keep image: the features of project "${project}" were changed meanwhile. Try again.`);
  }
}
