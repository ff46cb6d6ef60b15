/** File: a file, or a folder of files, that a program keeps in a container, whether that runs or not. */
import { isUtf8 } from "node:buffer";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { badRequest } from "../../../../sdk/api/errors";
import type { Change } from "../../engine/changes";
import { checkShape, givenInputs, withDefaults } from "../../engine/check";
import type { Context, Core, Diff, Live } from "../../engine/core";
import { type DiffRules, diffProps } from "../../engine/diff";
import { ifThere, messageOf, namingProperty } from "../../engine/failure";
import { isImported } from "../../engine/imported";
import { isSecretAt } from "../../engine/secrets";
import { compact, hiddenOf, holdsUnknown, type Props, same, unknownValue, visibleOf } from "../../engine/values";
import { pick } from "../named";
import { contentInputs, FileInputs, FileOutputs, fileRules } from "./inputs";
import { digestOf, type Manifest, manifestIn, manifestOf, manifestProperty, wantedItems } from "./manifest";
import { type Place, readItems, removeItems, removeTop, writeItems } from "./transfer";

const inputNames = Object.keys(FileInputs.shape);
const parse = (props: Props): FileInputs => FileInputs.parse(pick(props, inputNames));

const diffRules: DiffRules = { schema: FileInputs, hidden: ["__instanceCreatedAt"], hiddenIds: ["__instanceId"] };

/** What a manifest is made of, beside the places. */
const ofManifest = [...contentInputs, "path", "mode", "uid", "gid"] as const;

const isSecret = (props: Props): boolean => contentInputs.some((name) => isSecretAt(props, name));

/** `web/etc/motd` is /etc/motd of web; functions write a slash within a name as %2F. */
function placeOf(id: string): Place {
  const [, instance = "", rest = ""] = /^([^/]+)\/(.+)$/s.exec(id) ?? [];
  const file = rest.startsWith("%2F") ? rest.replaceAll("%2F", "/") : `/${rest}`;
  if (instance === "" || file === "/")
    throw badRequest(`Cannot read file "${id}": its id is not of the form <instance>/<path>. Correct the id.`);
  return { instance, path: file };
}

const idOf = ({ instance, path: file }: Place): string => `${instance}${file}`;

/** @param manifest what is there */
function liveOf(props: Props, manifest: Manifest): Live {
  const outs = compact({
    ...hiddenOf(props),
    ...pick(props, inputNames),
    hash: isSecret(props) ? undefined : digestOf(manifest),
    [manifestProperty]: manifest,
  });
  return { id: idOf(parse(outs)), outs, inputs: pick(outs, [...inputNames, ...Object.keys(hiddenOf(outs))]) };
}

/** Writes what the program wants. @param before what is there of it @returns what is there now */
async function write(context: Context, news: Props, before: Manifest): Promise<Manifest> {
  const inputs = parse(news);
  const items = await wantedItems(inputs);
  const wanted = await manifestOf(items, inputs);
  try {
    await writeItems(context, inputs, items, inputs, { before, wanted });
  } catch (error) {
    throw namingProperty(error, [[/instance not found/i, "instance"]]);
  }
  return wanted;
}

/** A file that only an id leads to. A large one is known by its hash alone. */
const shownBytes = 1 << 20;

async function found({ client, signal }: Context, place: Place, props: Props): Promise<Live | undefined> {
  const live = await ifThere(client.getFile(place.instance, place.path, { signal }));
  if (live === undefined) return undefined;
  if (live.type !== "file")
    throw badRequest(
      `Cannot read file "${place.path}": it is a ${live.type}, and an id leads to files. Declare it, and up takes it over.`,
    );
  const bytes = await buffer(live.body);
  const content = isUtf8(bytes) ? { content: bytes.toString() } : { contentBase64: bytes.toString("base64") };
  const said = { ...place, mode: live.mode.toString(8).padStart(4, "0"), uid: live.uid, gid: live.gid };
  const manifest = await manifestOf(await wantedItems({ ...said, ...content }), { ...said, ...content });
  return liveOf({ ...props, ...said, ...(bytes.length > shownBytes ? {} : content) }, manifest);
}

/** The manifest says what of the contents changed; how a program names them does not count. */
function byManifest(diff: Diff, olds: Props, news: Props): Diff {
  const [was, is] = [manifestIn(olds), manifestIn(news)];
  const isSame = was !== undefined && is !== undefined && same(was, is);
  const given = contentInputs.find((name) => news[name] !== undefined) ?? "content";
  const others = (diff.details ?? []).filter(({ path: [name] }) => !contentInputs.some((one) => one === name));
  const isTold = others.some(({ path: [name] }) => ofManifest.some((one) => one === name));
  const content: Change[] = isSame || isTold ? [] : [{ path: [given], kind: "update" }];
  const details = isSame ? others.filter(({ path: [name] }) => name !== "mode") : [...others, ...content];
  return { ...diff, details, changes: details.length > 0 || diff.replaces.length > 0 };
}

export const file: Core = {
  kind: "file",
  type: "File",
  description: "A file, or a folder of files, that is kept in a container, whether it runs or not.",
  inputs: FileInputs,
  outputs: FileOutputs,
  idInputs: ["instance", "path"],

  async check(_olds, news, isQuick = false) {
    const { [manifestProperty]: _, ...given } = givenInputs(news);
    const visible = visibleOf(given);
    const failures = [...checkShape(FileInputs, visible), ...fileRules(visible)];
    const inputs = { ...hiddenOf(given), ...withDefaults(FileInputs, visible) };
    const isKnown = !ofManifest.some((name) => holdsUnknown(inputs[name]));
    if (failures.length > 0 || isQuick) return { inputs, failures };
    if (!isKnown) return { inputs: { ...inputs, [manifestProperty]: unknownValue }, failures };
    try {
      const said = inputs as unknown as FileInputs;
      const manifest = await manifestOf(await wantedItems(said), said);
      return { inputs: { ...inputs, [manifestProperty]: manifest }, failures };
    } catch (error) {
      const reason = `cannot be read: ${messageOf(error)}. Relative paths begin at the program's folder, ${path.resolve(".")}`;
      return { inputs, failures: [{ property: "source", reason }] };
    }
  },

  diff: (olds, news) => byManifest(diffProps(diffRules, olds, news), olds, news),

  planned(news) {
    if (isSecret(news)) return { hash: undefined };
    const manifest = manifestIn(news);
    return { hash: manifest === undefined ? unknownValue : digestOf(manifest) };
  },

  async create(context, news) {
    return liveOf(news, await write(context, news, {}));
  },

  /** It is gone when nothing of it is there any more. */
  async read(context, id, props) {
    const place = placeOf(id);
    const known = manifestIn(props);
    if (known === undefined || isImported(props)) return found(context, place, props);
    const live = await readItems(context, place, Object.keys(known));
    if (Object.keys(live).length > 0) return liveOf(props, live);
    const isEmpty = Object.keys(known).length === 0;
    const { client, signal } = context;
    const isThere =
      isEmpty && (await ifThere(client.getFileInfo(place.instance, place.path, { signal }))) !== undefined;
    return isThere ? liveOf(props, live) : undefined;
  },

  async update(context, _id, olds, news) {
    return liveOf(news, await write(context, news, manifestIn(olds) ?? {}));
  },

  async delete(context, id, props) {
    const place = placeOf(id);
    const manifest = manifestIn(props) ?? { "": "" };
    await removeItems(context, place, manifest);
    if (!("" in manifest)) await removeTop(context, place);
  },
};
