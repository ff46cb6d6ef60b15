/** Image: what containers are made from: a tarball of the program's own, or a template that the daemon builds. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import type { PendingOperation } from "../../../sdk";
import { type Config, Text } from "../../../sdk/api/common";
import { ApiError } from "../../../sdk/api/errors";
import { AliasName, type Image, type ImagePut } from "../../../sdk/api/image";
import { withoutStamp } from "../../../sdk/api/stamp";
import { checkShape, givenInputs, withDefaults } from "../engine/check";
import { claim, pendingStamp } from "../engine/claim";
import { withoutEmpty } from "../engine/config";
import type { CheckFailure, Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { diffProps } from "../engine/diff";
import { hasDryRun } from "../engine/dry-run";
import { InitFailed, ifThere, messageOf, namingProperty } from "../engine/failure";
import { templateFeature } from "../engine/features";
import { importedProperty, isImported } from "../engine/imported";
import { adopt, endpoint, replacing, timeouts } from "../engine/inputs";
import { progressTo } from "../engine/progress";
import { isOwn, ownerIn, ownerText, pendingKey, stamped, stampFor } from "../engine/stamp";
import { told, toldUnfinished } from "../engine/told";
import { compact, hiddenOf, isMap, type Props, same, unknownValue, visibleOf } from "../engine/values";
import { withRetry } from "../engine/write";
import { pick } from "./named";

export const ImageInputs = z.strictObject({
  sourceFile: Text.min(1).optional().meta({
    description:
      "Unified tarball on the machine that runs the program; its content counts, not its path. A change of content replaces the image. Exactly one of `sourceFile` and `template` is given.",
  }),
  template: Text.min(1)
    .optional()
    .meta(replacing("Template that the daemon builds, such as `busybox` or `debian/12`.")),
  aliases: z.array(AliasName).default([]).meta({ description: "Names of the image." }),
  properties: z
    .record(Text, Text)
    .default({})
    .meta({ description: "Properties that are set besides those that the image brings." }),
  public: z
    .boolean()
    .default(false)
    .meta({ description: "Whether clients without a certificate may fetch the image." }),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof ImageInputs>;

const ImageOutputs = z.object({
  fingerprint: z.string().meta({ description: "Sha256 of the image, in hexadecimal digits." }),
  architecture: z.string().meta({ description: "Processor architecture, such as `x86_64`." }),
  sizeBytes: z.number().meta({ description: "Size of the stored image, in bytes." }),
  createdAt: z.string().meta({ description: "When the image was built, in RFC 3339." }),
});

const parse = (props: Props): Inputs => {
  const { fingerprint: _, ...visible } = visibleOf(props);
  return ImageInputs.parse(visible);
};

async function fingerprintOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function rules({ sourceFile, template }: Props): CheckFailure[] {
  if (sourceFile === undefined && template === undefined)
    return [{ property: "sourceFile", reason: 'is required, unless "template" names one to build' }];
  if (sourceFile !== undefined && template !== undefined)
    return [{ property: "template", reason: 'cannot be combined with "sourceFile": an image comes from one of them' }];
  return [];
}

/** Hashes the file, so that its content is an input and the fingerprint is known in preview. */
async function contentOf(
  sourceFile: unknown,
  isQuick: boolean,
): Promise<{ fingerprint?: string; failures: CheckFailure[] }> {
  if (typeof sourceFile !== "string" || sourceFile === unknownValue) return { failures: [] };
  try {
    await access(sourceFile, constants.R_OK);
    if (isQuick) return { failures: [] };
    return { fingerprint: await fingerprintOf(sourceFile), failures: [] };
  } catch (error) {
    const reason = `cannot be read: ${messageOf(error)}. Relative paths begin at the program's folder, ${path.resolve(".")}`;
    return { failures: [{ property: "sourceFile", reason }] };
  }
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** An imported image that a daemon of ours built says of which template. */
function guessedTemplate({ properties }: Image, props: Props): Props {
  const isOpen = isImported(props) && props.template === undefined && props.sourceFile === undefined;
  return isOpen && properties.template ? { template: properties.template, [importedProperty]: ["template"] } : {};
}

function liveOf(image: Image, props: Props): Live {
  const own = pick(props, ["sourceFile", "template", "endpoint", "timeouts"]);
  const wanted = (props.properties ?? {}) as Record<string, string>;
  const all = image.aliases.map(({ name }) => name);
  // Names that others gave to a shared image are theirs.
  const names = isShared(image, props) ? all.filter((name) => listOf(props.aliases).includes(name)) : all;
  const ordered = Array.isArray(props.aliases) ? props.aliases.filter((name) => names.includes(name)) : [];
  const outs = compact({
    ...hiddenOf(props),
    ...own,
    ...guessedTemplate(image, props),
    aliases: [...ordered, ...names.filter((name) => !ordered.includes(name)).sort()],
    properties: isImported(props)
      ? withoutStamp(image.properties)
      : Object.fromEntries(Object.entries(image.properties).filter(([key]) => wanted[key] !== undefined)),
    public: image.public,
    fingerprint: image.fingerprint,
    architecture: image.architecture,
    sizeBytes: image.size,
    createdAt: image.created_at,
  });
  const withContent = own.sourceFile === undefined ? [] : ["fingerprint"];
  const inputs = pick(outs, [...Object.keys(ImageInputs.shape), ...withContent, ...Object.keys(hiddenOf(outs))]);
  return { id: image.fingerprint, outs, inputs };
}

async function readBack({ client, signal }: Context, fingerprint: string, props: Props): Promise<Live> {
  const { value } = await client.getImage(fingerprint, { signal });
  return liveOf(value, props);
}

async function fingerprintIn(operation: PendingOperation, { signal, log }: Context): Promise<string> {
  const { metadata } = await operation.wait({ signal, onProgress: progressTo(log) });
  if (typeof metadata?.fingerprint !== "string")
    throw new Error("Cannot create the image: the operation tells no fingerprint. Is the server LXD's?");
  return metadata.fingerprint;
}

/** A template is built once for all who ask, so that its image may be another resource's as well. */
async function build(context: Context, template: string): Promise<string> {
  const { client, signal } = context;
  return fingerprintIn(await client.createImage({ source: { type: "template", template } }, { signal }), context);
}

async function send(context: Context, sourceFile: string, news: Props): Promise<string> {
  const { client, signal } = context;
  const fingerprint = typeof news.fingerprint === "string" ? news.fingerprint : await fingerprintOf(sourceFile);
  const make = async (properties: Config) => {
    await fingerprintIn(await client.createImageFromFile(sourceFile, { fingerprint, properties, signal }), context);
  };
  const find = async () => (await ifThere(client.getImage(fingerprint, { signal })))?.value.properties;
  if (!ahead.delete(fingerprint)) await claim(context, { kind: "image", news, make, find });
  return fingerprint;
}

/** Images that were made before what they replace was deleted, and are not their resource's yet. */
const ahead = new Set<string>();

/** @returns the fingerprint of the image that was made, or that is there and may be taken */
async function make(context: Context, inputs: Inputs, news: Props): Promise<string> {
  const { sourceFile, template = "" } = inputs;
  try {
    return await (sourceFile === undefined ? build(context, template) : send(context, sourceFile, news));
  } catch (error) {
    throw namingProperty(error, [[/./, sourceFile === undefined ? "template" : "sourceFile"]]);
  }
}

/**
 * Whether another resource made the image, so that it is only shared. Nothing is known of images from before they told.
 * @param before last outputs: the resource, its stack or its project may have had another name
 */
const isShared = (image: Image, props: Props, before: Props = props): boolean =>
  ownerIn(props) !== undefined &&
  ownerText(image.properties) !== undefined &&
  ![props, before].some((one) => isOwn(image.properties, "image", one));

/** Sets properties, visibility and aliases to what the program wants. @param stamp keys that tell whose it is */
async function settle(context: Context, fingerprint: string, before: Props, news: Props, stamp: Config): Promise<void> {
  const { client, signal } = context;
  const inputs = parse(news);
  const owned = Object.keys((before.properties ?? {}) as object);
  await withRetry(context, async () => {
    const { value, etag } = await client.getImage(fingerprint, { signal });
    const others = Object.entries(value.properties).filter(([key]) => !owned.includes(key));
    const wanted = withoutEmpty({ ...Object.fromEntries(others), ...inputs.properties });
    const properties = isShared(value, news, before) && news.adopt !== true ? wanted : stamped(wanted, stamp);
    if (same(properties, value.properties) && value.public === inputs.public) return;
    const { auto_update, expires_at, profiles } = value;
    const put: ImagePut = { auto_update, expires_at, public: inputs.public, properties };
    await client.updateImage(fingerprint, { ...put, ...(profiles ? { profiles } : {}) }, { etag, signal });
  });
  await settleAliases(context, fingerprint, before, news);
}

/** What the image lacks is given before anything is taken, which may be refused. */
async function settleAliases(
  { client, signal }: Context,
  fingerprint: string,
  before: Props,
  news: Props,
): Promise<void> {
  const { aliases } = parse(news);
  const { value } = await client.getImage(fingerprint, { signal });
  const have = value.aliases.map(({ name }) => name);
  for (const [at, name] of aliases.entries()) {
    if (have.includes(name)) continue;
    try {
      await client.createImageAlias({ name, target: fingerprint }, { signal });
    } catch (error) {
      if (!ApiError.is(error) || error.code !== "CONFLICT") throw error;
      throw new ApiError(
        error.code,
        `Cannot give the image the name in aliases[${at}], "${name}": another image has it. Delete that alias or choose another.`,
      );
    }
  }
  const mine = listOf(before.aliases);
  for (const name of have)
    if (!aliases.includes(name) && (mine.includes(name) || !isShared(value, news, before)))
      await client.deleteImageAlias(name, { signal });
}

/** Which properties an imported image brought, and which somebody set, nobody knows: those that the program names are the program's. */
function withOwnProperties(olds: Props, news: Props): Props {
  if (!isImported(olds) || !isMap(olds.properties) || !isMap(news.properties)) return olds;
  return { ...olds, properties: pick(olds.properties, Object.keys(news.properties)) };
}

export const image: Core = {
  kind: "image",
  type: "Image",
  description: "What containers are made from: a tarball of the program's own, or a template that the daemon builds.",
  inputs: ImageInputs,
  outputs: ImageOutputs,
  idInputs: ["fingerprint"],
  features: ({ template }) => (template === undefined ? [] : templateFeature("template", `template:${template}`)),

  async check(_olds, news, isQuick = false) {
    const { fingerprint: _, ...given } = givenInputs(news);
    const visible = visibleOf(given);
    const { fingerprint, failures } = await contentOf(visible.sourceFile, isQuick);
    const inputs = { ...hiddenOf(given), ...withDefaults(ImageInputs, visible) };
    return {
      inputs: fingerprint === undefined ? inputs : { ...inputs, fingerprint },
      failures: [...checkShape(ImageInputs, visible), ...rules(visible), ...failures],
    };
  },

  /** Where the file lies is stored and changes nothing; what it holds does, and that of a file which is not known yet may. */
  diff(olds, news) {
    const base = diffProps({ schema: ImageInputs }, withOwnProperties(olds, news), news);
    const isNew = (name: string, otherOrigin: string) => olds[otherOrigin] !== undefined && news[name] !== undefined;
    const isOther = typeof news.fingerprint === "string" && olds.fingerprint !== news.fingerprint;
    const isFile = olds.sourceFile !== undefined || (isImported(olds) && news.sourceFile !== undefined);
    const content = isFile && (isOther || news.sourceFile === unknownValue);
    const replaces = [
      ...base.replaces,
      ...(isNew("template", "sourceFile") ? ["template"] : []),
      ...(isNew("sourceFile", "template") || content ? ["sourceFile"] : []),
    ];
    const sharesAlias = listOf(olds.aliases).some((name) => listOf(news.aliases).includes(name));
    return {
      changes: base.changes || replaces.length > 0,
      replaces,
      deleteBeforeReplace: replaces.length > 0 && sharesAlias,
      details: base.details,
      deleteFirst: sharesAlias,
    };
  },

  planned: ({ fingerprint }) => (typeof fingerprint === "string" ? { fingerprint } : {}),

  async create(context, news) {
    const fingerprint = await make(context, parse(news), news);
    const unmark = ({ client, signal }: Context) =>
      client.patchImage(fingerprint, { properties: { [pendingKey]: "" } }, { signal });
    try {
      await settle(context, fingerprint, {}, news, pendingStamp("image", news));
    } catch (cause) {
      // What cannot be read back is told as it was wanted; the cause is what counts.
      const { outs } = await readBack(context, fingerprint, news).catch(() => ({ outs: compact(news) }));
      await toldUnfinished(context, news, unmark);
      throw new InitFailed(fingerprint, outs, cause);
    }
    const live = await readBack(context, fingerprint, news);
    await told(context, news, unmark);
    return live;
  },

  async foresee(context, { template }) {
    if (typeof template !== "string" || !hasDryRun(context)) return;
    try {
      await context.client.checkImage({ source: { type: "template", template } }, { signal: context.signal });
    } catch (error) {
      throw namingProperty(error, [[/./, "template"]]);
    }
  },

  /** Makes it ahead: create finds it again, and until then the old one keeps its names. */
  async requireCreatable(context, news) {
    const fingerprint = await make(context, parse(news), news);
    if (news.template === undefined) ahead.add(fingerprint);
  },

  read: (context, id, props) => ifThere(readBack(context, id, props)),

  async update(context, id, olds, news) {
    await settle(context, id, olds, news, stampFor("image", news));
    return readBack(context, id, news);
  },

  async delete(context, id, props) {
    const { client, log, signal } = context;
    const found = (await ifThere(client.getImage(id, { signal })))?.value;
    if (found !== undefined && isShared(found, props)) {
      for (const { name } of found.aliases)
        if (listOf(props.aliases).includes(name)) await client.deleteImageAlias(name, { signal });
      return log(`Image ${id.slice(0, 12)} stays: it belongs to ${ownerText(found.properties)}.`);
    }
    const remove = async () => {
      const operation = await client.deleteImage(id, { signal });
      await operation.wait({ signal });
    };
    return untilGone(context, { url: `/1.0/images/${id}`, remove, look: () => client.getImage(id, { signal }) });
  },
};
