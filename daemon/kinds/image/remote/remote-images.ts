/** Remote images: those of other servers are found there, fetched once for all who ask, and kept with what they came from. */
import type { Config } from "../../../../sdk/api/common";
import { projectConfig } from "../../../../sdk/api/config/project";
import { serverConfig } from "../../../../sdk/api/config/server";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import { hasServer, maySee } from "../../../core/access";
import { type Call, ownCall } from "../../../core/call";
import { projectNotFound } from "../../../core/projects";
import { ref } from "../../../core/ref";
import type { RunningOperation } from "../../../platform/operations";
import { imageLimits } from "../archive/limits";
import type { Upload } from "../archive/upload";
import type { ImportOptions } from "../described";
import type { ImageHome } from "../home";
import { type FoundOci, fetchOci, findOci, ociPlace } from "../oci/fetch";
import { parseReference } from "../oci/reference";
import { requirePrograms } from "../oci/skopeo";
import { SharedWork } from "../shared-work";
import type { ImageId, ImageRow, ImageStore } from "../store";
import { download } from "./download";
import { type FoundImage, isFingerprint, keptSource, type RemoteSource } from "./found";
import { findAtUrl, findOnServer } from "./lxd-server";
import { progressOf } from "./progress";
import { findInStreams } from "./streams/streams";
import { Web } from "./web";

/** The part of the service of images that stores them. */
interface Keeper {
  homeOf(project: string): string;
  import(caller: string, upload: Upload, options: ImportOptions): Promise<{ fingerprint: string }>;
  share(caller: string, row: ImageRow, options: ImportOptions): Promise<ImageRow>;
}

export interface FetchOptions {
  /** Whether one that is there already from the same alias will do, though the server may have a newer one. */
  readonly preferCached?: boolean;
  readonly cached?: boolean;
  readonly public?: boolean;
  /** Counts for one that is asked for by an alias. */
  readonly autoUpdate?: boolean;
}

/** LXD's own version, which servers may look at. */
const lxdVersion = "5.0.2";

export class RemoteImages {
  readonly #downloads = new SharedWork<void>();

  constructor(
    private readonly home: ImageHome,
    private readonly store: ImageStore,
    private readonly keeper: Keeper,
  ) {}

  /** What counts in a project: its own word, else the server's. */
  settings(project: string) {
    const own = projectConfig(this.home.projects.config(project));
    const server = serverConfig(this.home.server.config());
    return {
      intervalHours: own.get("images.auto_update_interval") ?? server.get("images.auto_update_interval"),
      updateCached: own.get("images.auto_update_cached") ?? server.get("images.auto_update_cached"),
      cacheDays: own.get("images.remote_cache_expiry") ?? server.get("images.remote_cache_expiry"),
      architecture: own.get("images.default_architecture") ?? server.get("images.default_architecture"),
    };
  }

  /**
   * Brings an image of another server here, unless it is here.
   * @returns it, in the project of who calls
   * @throws ApiError NOT_FOUND when the server has none, UNAVAILABLE when it cannot be had, BAD_REQUEST for one that is not what was promised
   */
  async fetch(call: Call, source: RemoteSource, operation: RunningOperation, options: FetchOptions): Promise<ImageRow> {
    const project = this.keeper.homeOf(call.project);
    const settings = this.settings(project);
    const cached = options.preferCached && settings.intervalHours > 0 ? this.#fromAlias(project, source) : undefined;
    if (cached !== undefined) return cached;
    const found = await this.#find(call, source, settings.architecture, operation.signal);
    const kept = this.#keptAs(source, found, options);
    for (let attempt = 1; ; attempt += 1) {
      const there = await this.#known(call, found, kept);
      if (there !== undefined) return there;
      try {
        await this.#downloads.join(`${keyOf(found)} ${source.server}`, operation, (each, signal) =>
          this.#download(call, source, found, kept, { tell: progressOf(each), signal }),
        );
      } catch (error) {
        // Whoever asked first may have lost its project, and the image with it.
        if (attempt > 1 || !ApiError.is(error) || error.message !== projectNotFound) throw error;
        this.home.projects.require(call.project);
      }
      if (attempt > 2) throw badRequest("Cannot keep image: it was deleted while it was fetched. Try again.");
    }
  }

  /** What there is from the same alias of the same server; the newest. */
  #fromAlias(project: string, { server, protocol, name }: RemoteSource): ImageRow | undefined {
    return this.store
      .list(project)
      .filter(
        ({ source, cached }) =>
          cached && source?.server === server && source.protocol === protocol && source.alias === name,
      )
      .at(-1);
  }

  async #find(
    call: Call,
    source: RemoteSource,
    architecture: string | undefined,
    signal: AbortSignal,
  ): Promise<FoundImage | FoundOci> {
    if (source.protocol === "oci")
      return findOci(ociPlace(this.home), source, { architecture, mayUseAccounts: hasServer(call), signal });
    await using web = new Web(this.home.server.config(), source.certificate);
    switch (source.protocol) {
      case "lxd":
        return await findOnServer(web, source, signal);
      case "simplestreams":
        return await findInStreams(web, source, { scratch: this.home.dirs.scratch, architecture, signal });
      case "direct":
        return await findAtUrl(web, source.server, lxdVersion, signal);
    }
  }

  #keptAs(source: RemoteSource, found: FoundImage | FoundOci, options: FetchOptions): ImportOptions {
    const isFollowed = isOci(found) || (found.byAlias && source.protocol !== "direct");
    return {
      ...(isOci(found) ? { builtFrom: found.builtFrom } : { told: found.told }),
      public: options.public ?? false,
      auto_update: isFollowed && (options.autoUpdate ?? false),
      cached: options.cached ?? false,
      source: isFollowed ? keptSource(source) : undefined,
    };
  }

  /** The image if it is here: in the project, or in another one that who calls may see anyhow. Others' bytes are fetched like any. */
  async #known(call: Call, found: FoundImage | FoundOci, kept: ImportOptions): Promise<ImageRow | undefined> {
    const project = this.keeper.homeOf(call.project);
    const own = isOci(found)
      ? this.store.findBuilt(project, found.builtFrom)
      : this.store.find({ project, fingerprint: found.fingerprint });
    if (own !== undefined) return own;
    const maySeeIt = (row: ImageRow) => hasServer(call) || row.public || maySee(call, row.project);
    const isIt = (row: ImageRow) =>
      isOci(found) ? row.builtFrom === found.builtFrom : row.fingerprint === found.fingerprint;
    const elsewhere = this.store.list().find((row) => isIt(row) && maySeeIt(row));
    return elsewhere === undefined ? undefined : await this.keeper.share(call.project, elsewhere, kept);
  }

  /** The search's own connections may be closed before a download that others share is done. */
  async #download(
    call: Call,
    source: RemoteSource,
    found: FoundImage | FoundOci,
    kept: ImportOptions,
    { tell, signal }: { tell: ReturnType<typeof progressOf>; signal: AbortSignal },
  ): Promise<void> {
    await using upload = isOci(found)
      ? await fetchOci(ociPlace(this.home), found, { tell, signal })
      : await this.#files(source, found, { tell, signal });
    const { fingerprint } = upload;
    const project = this.keeper.homeOf(call.project);
    const of = ref("image", fingerprint, project);
    await this.home.changes.run(ownCall(project), {
      of: [of],
      work: async () => {
        // It may have been imported otherwise meanwhile.
        if (this.store.find({ project, fingerprint }) !== undefined) {
          if (isOci(found)) this.store.setBuiltFrom({ project, fingerprint }, found.builtFrom);
          return;
        }
        await this.keeper.import(call.project, upload, { ...kept, signal });
        this.home.changes.tell(call, { action: "image-created", of, context: { type: "container" } });
      },
    });
  }

  async #files(
    source: RemoteSource,
    found: FoundImage,
    { tell, signal }: { tell: ReturnType<typeof progressOf>; signal: AbortSignal },
  ): Promise<Upload> {
    const config: Config = this.home.server.config();
    await using web = new Web(config, source.certificate);
    return await download(web, found, {
      scratch: this.home.dirs.scratch,
      limits: imageLimits(config),
      signal,
      tell,
    });
  }

  /**
   * Looks whether the alias that an image came from means a newer one by now, and if so puts that in its place: it gets aliases, profiles
   * and use of the old one, which goes. Instances of the old one stay as they are.
   * @returns the new one, or nothing when the image is the newest
   * @throws ApiError BAD_REQUEST for an image that came from no alias, and as fetch() does
   */
  async refresh(
    call: Call,
    id: ImageId,
    operation: RunningOperation,
    remove: (old: ImageRow) => Promise<void>,
  ): Promise<ImageRow | undefined> {
    const before = this.store.find(id);
    if (before?.source === undefined)
      throw badRequest(
        `Cannot refresh image "${id.fingerprint.slice(0, 12)}": Image source not found: it did not come from an alias of another server. Copy a newer one here.`,
      );
    const { server, protocol, certificate, alias } = before.source;
    const source = { server, protocol: protocolOf(protocol), certificate, name: alias, secret: "", project: "" };
    const options = { public: before.public, autoUpdate: true, cached: before.cached };
    const now = await this.fetch({ ...call, project: id.project }, source, operation, options);
    if (now.fingerprint === before.fingerprint) return undefined;
    await this.home.changes.run(call, {
      of: [ref("image", before.fingerprint, id.project), ref("image", now.fingerprint, id.project)],
      work: async () => {
        const old = this.store.find(id);
        const made = this.store.find(now);
        if (old === undefined || made === undefined) return;
        this.home.database.transaction(() => {
          this.store.update({
            ...made,
            cached: old.cached && made.cached,
            lastUsedAt: old.lastUsedAt,
            profiles: old.profiles,
          });
          this.store.moveAliases(old, made.fingerprint);
        });
        await remove(old);
      },
    });
    return this.store.find(now);
  }
}

const isOci = (found: FoundImage | FoundOci): found is FoundOci => "registry" in found;

/** What a download is known by, so that all who ask for it at the same time share it. */
const keyOf = (found: FoundImage | FoundOci): string => (isOci(found) ? found.builtFrom : found.fingerprint);

/** @throws ApiError BAD_REQUEST for a protocol that is not spoken here */
export function protocolOf(text: string | undefined): RemoteSource["protocol"] {
  if (text === undefined || text === "" || text === "lxd" || text === "incus") return "lxd";
  if (text === "simplestreams" || text === "oci") return text;
  throw badRequest(
    `Unsupported protocol: ${/^\w+$/.test(text) ? text : JSON.stringify(text)}. Use lxd, simplestreams or oci.`,
  );
}

/** How requests say where an image lies; only one that names a server says it. */
export interface RemoteFields {
  readonly server?: string | undefined;
  readonly protocol?: string | undefined;
  readonly certificate?: string | undefined;
  readonly secret?: string | undefined;
  readonly alias?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly mode?: string | undefined;
  readonly image_type?: unknown;
  readonly project?: string | undefined;
}

/** Reads what a request says of an image on another server. @throws ApiError BAD_REQUEST */
export function remoteSource(fields: RemoteFields): RemoteSource {
  const { server = "", certificate = "", secret = "", project = "", mode, image_type: type } = fields;
  const name = fields.fingerprint || fields.alias || "";
  if (server === "")
    throw badRequest('Cannot fetch image: the source has no "server". Name the server that has the image.');
  if (name === "") throw badRequest("must specify one of alias or fingerprint for init from image");
  if (mode !== undefined && mode !== "" && mode !== "pull")
    throw badRequest(`Cannot fetch image: the mode ${JSON.stringify(mode)} is not known. Use pull.`);
  if (type !== undefined && type !== "" && type !== "container")
    throw badRequest(
      `Cannot fetch image: Bothy has images of containers only, not of the type ${JSON.stringify(type)}.`,
    );
  const protocol = protocolOf(fields.protocol);
  if (protocol === "oci") {
    // Before anything is asked of the registry.
    requirePrograms();
    parseReference(server, fields.alias || name);
    return { server, protocol, certificate, secret: "", name: fields.alias || name, project: "" };
  }
  if (isFingerprint(name) || !/[\0\s]/.test(name)) return { server, protocol, certificate, secret, name, project };
  throw badRequest(`Cannot fetch image: ${JSON.stringify(name.slice(0, 100))} is neither an alias nor a fingerprint.`);
}
