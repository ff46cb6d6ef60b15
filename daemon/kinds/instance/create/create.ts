/** Create: where a new instance comes from: an image, a template, another instance or snapshot, or nothing. */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest, notFound } from "../../../../sdk/api/errors";
import type { InstancesPost } from "../../../../sdk/api/instance";
import { stampOf, withoutStamp } from "../../../../sdk/api/stamp";
import type { Context } from "../../../context";
import type { RunningOperation } from "../../../platform/operations";
import type { ImageRecord } from "../../image/service";
import { withoutVolatile } from "../change/volatile";
import type { InstanceRecord } from "../record";
import { volumeOf } from "../service";
import { draftInstance } from "./draft";
import { applyUntilStart } from "./file-templates";
import { isRefresh, planRefresh } from "./refresh";

const templatePrefix = "template:";

/** Work to do in the background; all that can be refused at once has been. */
export type CreateWork = (operation: RunningOperation) => Promise<void>;

/** Checks a request, but for whether its name is free. @returns the work that makes the instance */
export async function planCreate(context: Context, name: string, post: InstancesPost): Promise<CreateWork> {
  switch (post.source.type) {
    case "image":
      return fromImage(context, name, post);
    case "template":
      return fromTemplate(context, name, post, post.source.alias ?? String(post.source.template ?? ""));
    case "copy":
      return fromCopy(context, name, post);
    case "none": {
      const draft = draftInstance(context, name, post, { config: {} });
      return async () => {
        await context.instances.make(draft, async (record) => {
          await context.volumes.createEmpty(record.pool, volumeOf(record.name));
          return {};
        });
      };
    }
    default:
      throw badRequest(
        `Cannot create instance "${name}": the source type "${post.source.type}" is not supported. Use image, copy or none.`,
      );
  }
}

function fromImage(context: Context, name: string, post: InstancesPost): CreateWork | Promise<CreateWork> {
  const { alias, fingerprint, properties, server } = post.source;
  if (server !== undefined && server !== "")
    throw badRequest(
      `Cannot create instance "${name}": images of other servers are not supported yet. Import the image first.`,
    );
  if (alias?.startsWith(templatePrefix)) return fromTemplate(context, name, post, alias.slice(templatePrefix.length));
  const image = context.images.resolve({
    ...(alias ? { alias } : {}),
    ...(fingerprint ? { fingerprint } : {}),
    ...(properties ? { properties } : {}),
  });
  const draft = draftOf(context, name, post, image);
  return (operation) => makeFrom(context, draft, image, operation);
}

/** A template is checked without its image first, so that what is wrong is said before it is built. */
async function fromTemplate(
  context: Context,
  name: string,
  post: InstancesPost,
  template: string,
): Promise<CreateWork> {
  await context.images.requireTemplate(template);
  draftInstance(context, name, post, { config: {} });
  return async (operation) => {
    const image = await context.images.fromTemplate(template, operation);
    await makeFrom(context, draftOf(context, name, post, image), image, operation);
  };
}

function draftOf(context: Context, name: string, post: InstancesPost, image: ImageRecord): InstanceRecord {
  const properties = Object.entries(withoutStamp(image.properties)).map(([key, value]) => [`image.${key}`, value]);
  return draftInstance(context, name, post, {
    config: { ...Object.fromEntries(properties), "volatile.base_image": image.fingerprint },
    profiles: image.profiles,
    architecture: image.architecture,
  });
}

async function makeFrom(
  context: Context,
  draft: InstanceRecord,
  image: ImageRecord,
  operation: RunningOperation,
): Promise<void> {
  const { config } = context.instances.expanded(draft);
  await context.instances.make(draft, async (record) => {
    const { pool, name } = record;
    const options = {
      deviceNodes: instanceConfig(config).get("security.privileged"),
      warn: (text: string) => operation.warn(text),
      signal: operation.signal,
    };
    await context.volumes.createFromImage(pool, image.fingerprint, volumeOf(name), options);
    operation.signal.throwIfAborted();
    return applyUntilStart(context, record, "create");
  });
  context.images.touch(image.fingerprint);
}

/** What a copy is asked to have. Clients send what they read of the source, its stamp included; that one is not the copy's. */
function chosenFor(wanted: Config, origin: Config): Config {
  const config = withoutVolatile(wanted);
  return isDeepStrictEqual(stampOf(config), stampOf(origin)) ? withoutStamp(config) : config;
}

function fromCopy(context: Context, name: string, post: InstancesPost): CreateWork {
  const refuse = (cause: string) => badRequest(`Cannot create instance "${name}": ${cause}`);
  const [sourceName = "", snapshotName, ...rest] = (post.source.source ?? "").split("/");
  if (sourceName === "" || rest.length > 0)
    throw refuse('a copy needs "source". Name an instance, or instance/snapshot.');
  if ((post.source.project || "default") !== "default") throw notFound("Project not found");
  const source = context.instances.record(sourceName);
  const snapshot = snapshotName === undefined ? undefined : context.snapshots.record(sourceName, snapshotName);
  const origin = snapshot?.settings ?? source;
  const draft = draftInstance(
    context,
    name,
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
      standing: { settings: origin, pool: source.pool },
    },
  );
  const withSnapshots = snapshot === undefined && !(post.source.instance_only || post.source.container_only);
  if (isRefresh(context, name, post)) {
    if (snapshot !== undefined) throw refuse("only a whole instance can refresh another. Leave the snapshot out.");
    return planRefresh(context, source, draft, withSnapshots);
  }
  return async () => {
    // It may be gone since the request was checked.
    context.instances.record(sourceName);
    if (snapshotName !== undefined) context.snapshots.record(sourceName, snapshotName);
    await context.instances.make(
      draft,
      (record) =>
        context.snapshots
          .copyVolumes({ source, snapshot: snapshotName, record, withSnapshots })
          .then(() => applyUntilStart(context, record, "copy")),
      origin,
    );
  };
}
