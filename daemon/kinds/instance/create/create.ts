/** Create: where a new instance comes from: an image, a template, another instance or snapshot, or nothing. */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceSource, InstancesPost } from "../../../../sdk/api/instance";
import { stampOf, withoutStamp } from "../../../../sdk/api/stamp";
import type { Call } from "../../../core/call";
import type { RunningOperation } from "../../../platform/operations";
import type { ImageRecord } from "../../image/catalog";
import { withoutVolatile } from "../change/volatile";
import type { InstanceHome } from "../home";
import type { InstanceId, InstanceRecord } from "../record";
import { sizeOfNewRoot } from "../root-size";
import { ociConfig } from "../spec/oci-filled";
import { volumeOf } from "../volume";
import { draftInstance } from "./draft";
import { leaveToStart } from "./file-templates";
import { make } from "./make";
import { isRefresh, planRefresh } from "./refresh";

const templatePrefix = "template:";

/** Work to do in the background; all that can be refused at once has been. */
export type CreateWork = (operation: RunningOperation) => Promise<void>;

/** Checks a request, but for whether its name is free. @returns the work that makes the instance */
export async function planCreate(
  home: InstanceHome,
  call: Call,
  id: InstanceId,
  post: InstancesPost,
): Promise<CreateWork> {
  switch (post.source.type) {
    case "image":
      if (post.source.server) return fromServer(home, call, id, post);
      return fromImage(home, id, post);
    case "template":
      return fromImage(home, id, post);
    case "copy":
      return fromCopy(home, id, post);
    case "none": {
      const draft = draftInstance(home, id, post, { config: {} });
      return async () => {
        await make(home, draft, async (record) => {
          const size = sizeOfNewRoot(home, record.pool, home.book.expanded(record).devices);
          await home.volumes.createEmpty(record.pool, volumeOf(record), size);
          return leaveToStart(home, record, "create");
        });
      };
    }
    default:
      throw badRequest(
        `Cannot create instance "${id.name}": the source type "${post.source.type}" is not supported. Use image, copy, migration or none.`,
      );
  }
}

function fromImage(home: InstanceHome, id: InstanceId, post: InstancesPost): CreateWork | Promise<CreateWork> {
  const template = templateOf(post.source);
  if (template !== undefined) return fromTemplate(home, id, post, template);
  const image = storedImage(home, id, post.source);
  const draft = draftOf(home, id, post, image);
  return (operation) => makeFrom(home, draft, image, operation);
}

const templateOf = ({ type, alias, template }: InstanceSource): string | undefined =>
  type === "template"
    ? (alias ?? String(template ?? ""))
    : alias?.startsWith(templatePrefix)
      ? alias.slice(templatePrefix.length)
      : undefined;

function storedImage(home: InstanceHome, id: InstanceId, source: InstanceSource): ImageRecord {
  const { alias, fingerprint, properties } = source;
  return home.images.resolve(id.project, {
    ...(alias ? { alias } : {}),
    ...(fingerprint ? { fingerprint } : {}),
    ...(properties ? { properties } : {}),
  });
}

/** The image that a source means, of another server or a template brought here at need. @throws ApiError for one that is not there */
export async function imageRequestOf(
  home: InstanceHome,
  call: Call,
  id: InstanceId,
  source: InstanceSource,
): Promise<(operation: RunningOperation) => Promise<ImageRecord>> {
  if (source.type === "image" && source.server) return home.images.planRemote(call, source);
  const template = templateOf(source);
  if (template === undefined) {
    const image = storedImage(home, id, source);
    return async () => image;
  }
  await home.images.requireTemplate(template);
  return (operation) => home.images.fromTemplate(id.project, template, operation);
}

/** What the image says is not known before it is here, so what can be wrong is said without it first. */
function fromServer(home: InstanceHome, call: Call, id: InstanceId, post: InstancesPost): CreateWork {
  const fetch = home.images.planRemote(call, post.source);
  draftInstance(home, id, post, { config: {} });
  return async (operation) => {
    const image = await fetch(operation);
    await makeFrom(home, draftOf(home, id, post, image), image, operation);
  };
}

/** A template is checked without its image first, so that what is wrong is said before it is built. */
async function fromTemplate(
  home: InstanceHome,
  id: InstanceId,
  post: InstancesPost,
  template: string,
): Promise<CreateWork> {
  await home.images.requireTemplate(template);
  draftInstance(home, id, post, { config: {} });
  return async (operation) => {
    const image = await home.images.fromTemplate(id.project, template, operation);
    await makeFrom(home, draftOf(home, id, post, image), image, operation);
  };
}

function draftOf(home: InstanceHome, id: InstanceId, post: InstancesPost, image: ImageRecord): InstanceRecord {
  const properties = Object.entries(withoutStamp(image.properties)).map(([key, value]) => [`image.${key}`, value]);
  const origin = {
    config: { ...Object.fromEntries(properties), "volatile.base_image": image.fingerprint },
    profiles: image.profiles,
    architecture: image.architecture,
  };
  const draft = draftInstance(home, id, post, origin);
  if (image.files.oci === undefined) return draft;
  const filled = ociConfig(image.files.oci, home.book.expanded(draft).config);
  return draftInstance(home, id, post, { ...origin, config: { ...origin.config, ...filled } });
}

async function makeFrom(
  home: InstanceHome,
  draft: InstanceRecord,
  image: ImageRecord,
  operation: RunningOperation,
): Promise<void> {
  const { config, devices } = home.book.expanded(draft);
  const fill = async (record: InstanceRecord) => {
    const options = {
      deviceNodes: instanceConfig(config).get("security.privileged"),
      warn: (text: string) => operation.warn(text),
      signal: operation.signal,
      size: sizeOfNewRoot(home, record.pool, devices),
    };
    await home.volumes.createFromImage(record.pool, image.fingerprint, volumeOf(record), options);
    operation.signal.throwIfAborted();
    return leaveToStart(home, record, "create");
  };
  await make(home, draft, fill, undefined, () => home.images.touch(image));
}

/** What a copy is asked to have. Clients send what they read of the source, its stamp included; that one is not the copy's. */
function chosenFor(wanted: Config, origin: Config): Config {
  const config = withoutVolatile(wanted);
  return isDeepStrictEqual(stampOf(config), stampOf(origin)) ? withoutStamp(config) : config;
}

/** The instance that a copy is made of: in its own project unless the request names another. */
export const sourceOf = ({ project }: InstanceId, { source }: InstancesPost): InstanceId => ({
  project: source.project || project,
  name: (source.source ?? "").split("/")[0] ?? "",
});

function fromCopy(home: InstanceHome, id: InstanceId, post: InstancesPost): CreateWork {
  const refuse = (cause: string) => badRequest(`Cannot create instance "${id.name}": ${cause}`);
  const [sourceName = "", snapshotName, ...rest] = (post.source.source ?? "").split("/");
  if (sourceName === "" || rest.length > 0)
    throw refuse('a copy needs "source". Name an instance, or instance/snapshot.');
  const sourceId = sourceOf(id, post);
  home.projects.require(sourceId.project);
  const source = home.book.record(sourceId);
  const isSnapshot = snapshotName !== undefined;
  const origin = isSnapshot ? { project: source.project, ...home.snapshots.settingsOf(source, snapshotName) } : source;
  const draft = draftInstance(
    home,
    id,
    {
      ...post,
      config: chosenFor(post.config, origin.config),
      devices: { ...origin.devices, ...post.devices },
      description: post.description || origin.description,
    },
    {
      config: withoutStamp(withoutVolatile(origin.config)),
      profiles: origin.profiles,
      architecture: source.architecture,
      volumeConfig: origin.volumeConfig,
      standing: { settings: origin, pool: source.pool },
    },
  );
  const withSnapshots = !isSnapshot && !(post.source.instance_only || post.source.container_only);
  if (isRefresh(home, id, post)) {
    if (isSnapshot) throw refuse("only a whole instance can refresh another. Leave the snapshot out.");
    return planRefresh(home, source, draft, withSnapshots);
  }
  const isStill = post.source.allow_inconsistent !== true;
  return async () => {
    // It may be gone since the request was checked.
    home.book.record(sourceId);
    if (isSnapshot) home.snapshots.settingsOf(source, snapshotName);
    await make(
      home,
      draft,
      async (record) => {
        await home.snapshots.copies.copyVolumes({ source, snapshot: snapshotName, record, withSnapshots, isStill });
        const kept = home.book.store.metadata.find(sourceId);
        if (kept !== undefined) home.book.store.metadata.set(record, kept);
        return leaveToStart(home, record, "copy");
      },
      origin,
    );
  };
}
