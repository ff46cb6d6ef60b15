/** Container: create, start, wait; update in place; force stop and delete. */
import type * as z from "zod";
import type { Config } from "../../../../sdk/api/common";
import type { InstanceFull, InstanceSource } from "../../../../sdk/api/instance";
import { imageSource } from "../../../../sdk/remote/image-server";
import { parseLocalImage, sendLocalImage } from "../../../../sdk/remote/local-image";
import { checkShape, givenInputs, withDefaults } from "../../engine/check";
import { userConfig } from "../../engine/config";
import type { Context, Core, Live } from "../../engine/core";
import { ownDevices } from "../../engine/device-marks";
import { type DiffRules, diffProps } from "../../engine/diff";
import { InitFailed, isNotFound } from "../../engine/failure";
import { featuresIn, templateFeature } from "../../engine/features";
import { withName } from "../../engine/name";
import type { Feature } from "../../engine/needy";
import { progressTo } from "../../engine/progress";
import { stampFor } from "../../engine/stamp";
import { textsIn } from "../../engine/texts";
import { told, toldUnfinished } from "../../engine/told";
import { compact, given, hiddenOf, isMap, type Props, visibleOf } from "../../engine/values";
import { pick } from "../named";
import { addressOuts } from "./addresses";
import { withImport } from "./base-image";
import { claimContainer, pendingContainer, unmarkContainer } from "./claim";
import { deleteContainer } from "./delete";
import { type Files, readFiles, writeFiles } from "./files";
import {
  type Inherited,
  inheritedIn,
  inheritedOf,
  inheritedProperty,
  isCopy,
  notSaid,
  withInherited,
  withoutInherited,
  withoutInheritedDefaults,
  withSourceKept,
} from "./inherited";
import { ContainerInputs, ContainerOutputs, containerRules } from "./inputs";
import { plannedState } from "./planned";
import { type Pending, pendingIn, pendingProperty, restartNote, restartNotes } from "./restart";
import { movesRootDisk } from "./root";
import { shortNames, withShort } from "./short";
import { waitUntilReady } from "./wait/wait";
import { blamed, filledInOf, isRunning, setState, writeConfig } from "./write";

type Inputs = z.output<typeof ContainerInputs>;

/** Extension of the daemon that says what a creation would be refused for. */
const dryRunExtension = "bothy_instance_dry_run";

const diffRules: DiffRules = {
  schema: ContainerInputs,
  replaceWhen: { devices: movesRootDisk },
  saidElsewhere: shortNames,
};

/** Marks a container whose files, start or wait failed: the next update does all of them again. */
const unfinished = "__unfinished";

/** Hidden properties that are outputs; the others are inputs as well. */
const hiddenOutputs: readonly string[] = [unfinished, inheritedProperty, pendingProperty];

/** Reads inputs; those of a copy say less than it is, so what it inherited comes with them. */
const parse = (props: Props, inherited?: Inherited): Inputs =>
  ContainerInputs.parse(visibleOf(compact(withInherited(props, inherited))));

/** An image of this machine's files is sent first. */
async function sourceOf({ client, signal }: Context, inputs: Inputs): Promise<InstanceSource> {
  const local = parseLocalImage(inputs.image ?? "");
  if (local === undefined) return plannedSourceOf(inputs);
  return { type: "image", fingerprint: await sendLocalImage(client, local, { signal }) };
}

/** The same for a plan, in which nothing is sent. */
function plannedSourceOf({ image, source }: Inputs): InstanceSource {
  if (parseLocalImage(image ?? "") !== undefined) return { type: "none" };
  if (source !== undefined) {
    const { instance, snapshot } = source;
    return { type: "copy", source: snapshot === undefined ? instance : `${instance}/${snapshot}` };
  }
  if (image === undefined) throw new Error('Cannot create the container: neither "image" nor "source" is given.');
  return imageSource(image);
}

/** The server's container in Pulumi's words. @param props last inputs or outputs, for what the server does not know */
function liveOf({ value: full }: { value: InstanceFull }, props: Props): Live {
  const inputNames = Object.keys(ContainerInputs.shape);
  const whole = {
    ...hiddenOf(props),
    ...pick(props, inputNames),
    [pendingProperty]:
      isRunning(full) && pendingIn(props)?.startedAt === full.last_used_at ? pendingIn(props) : undefined,
    name: full.name,
    description: full.description,
    config: userConfig(full.config, (props.config ?? {}) as Config, filledInOf(full)),
    devices: ownDevices(full, props.devices),
    profiles: full.profiles ?? [],
    type: full.type === "container" ? undefined : full.type,
    ephemeral: full.ephemeral,
    running: isRunning(full),
    status: full.status,
    architecture: full.architecture,
    createdAt: full.created_at,
    ...addressOuts(full.state?.network ?? null, full.expanded_devices, full.expanded_config),
  };
  const outs = withImport(compact(withoutInherited(whole, props)), full.config, filledInOf(full));
  const hidden = Object.keys(hiddenOf(outs)).filter((name) => !hiddenOutputs.includes(name));
  const inputs = pick(outs, [...inputNames.filter((name) => !notSaid(outs).includes(name)), ...hidden]);
  return { id: full.name, outs, inputs };
}

const readBack = async ({ client, signal }: Context, name: string, props: Props): Promise<Live> =>
  liveOf(await client.getInstanceFull(name, { signal }), props);

/** Brings the container to the state that the program wants, and waits for it if it runs. */
async function settle(context: Context, name: string, inputs: Inputs, props: Props): Promise<void> {
  const { client, signal } = context;
  const { value } = await client.getInstance(name, { signal });
  if (!inputs.running) {
    if (value.status === "Frozen") await setState(context, name, "unfreeze");
    if (value.status !== "Stopped") await setState(context, name, "stop");
    return;
  }
  if (value.status === "Frozen") await setState(context, name, "unfreeze");
  else if (!isRunning(value)) await setState(context, name, "start");
  await waitUntilReady(context, name, inputs.wait, value.expanded_devices, props);
}

/** Runs the steps after which a container is there but may not work; a failure of theirs keeps it in Pulumi's state. */
async function orUnfinished<T>(context: Context, name: string, news: Props, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps();
  } catch (cause) {
    // The deadline may be what failed: reading back gets a signal of its own. What cannot be read back is told as it was wanted;
    // the cause is what counts.
    const after = { ...context, signal: AbortSignal.timeout(10_000) };
    const { outs } = await readBack(after, name, news).catch(() => ({ outs: compact(news) }));
    await toldUnfinished(context, news, (later) => unmarkContainer(later, name));
    throw new InitFailed(name, { ...outs, [unfinished]: true }, cause);
  }
}

/** Adds to the inputs of a copy what it inherited. */
async function withOrigin({ client, signal }: Context, name: string, news: Props): Promise<Props> {
  if (!isCopy(news)) return news;
  const { value } = await client.getInstance(name, { signal });
  return { ...news, [inheritedProperty]: inheritedOf(value, news, filledInOf(value)) };
}

/** Tells what waits for the next start, or is about to get it. @returns it, for a container that runs */
async function noteRestart(
  context: Context,
  name: string,
  inputs: Inputs,
  changed: readonly string[],
  before?: Pending,
) {
  const { value } = await context.client.getInstance(name, { signal: context.signal });
  const waiting = before?.startedAt === value.last_used_at ? before.keys : [];
  const keys = [...new Set([...waiting, ...changed])];
  if (keys.length === 0 || !isRunning(value)) return undefined;
  if (inputs.running) context.log(restartNote(name, keys, inputs.allowRestart === true));
  return { keys, startedAt: value.last_used_at };
}

const filesOf = (props: Props): Files => ContainerInputs.shape.files.parse(props.files) ?? {};

/** Fills in mode and owner of each file, also beside unknowns, so that state and program compare. */
function withFileDefaults(props: Props): Props {
  if (!isMap(props.files)) return props;
  const files = Object.entries(props.files).map(([path, file]) => [
    path,
    isMap(file) ? { mode: "0644", uid: 0, gid: 0, ...file } : file,
  ]);
  return { ...props, files: Object.fromEntries(files) };
}

/** Limits are text as in `config`; ports are numbers, unlike those of other kinds. */
function givenContainer(news: Props): Props {
  const { type, ...inputs } = givenInputs(news);
  return {
    ...inputs,
    // Said or not: what the server calls a container has no type.
    ...(type === undefined || type === "container" ? {} : { type }),
    ...textsIn(inputs, "limits"),
    ...(inputs.ports === undefined ? {} : { ports: given(news.ports) }),
  };
}

/** The server does not mind that there is one of the name. */
async function requireCreatable(context: Context, news: Props): Promise<void> {
  if (!context.server.api_extensions.includes(dryRunExtension)) return;
  const inputs = parse(news);
  const post = { ...postOf(inputs, news), source: plannedSourceOf(inputs) };
  await blamed(() => context.client.checkInstance(post, { signal: context.signal }));
}

/** What stands in short words is named by these. */
function featuresOf(props: Props): Feature[] {
  const { inputs, named } = withShort(props);
  const found = featuresIn(ContainerInputs, inputs).map((feature) => ({
    ...feature,
    property: named({ property: feature.property, reason: "" }).property,
  }));
  const machine = props.type === "virtual-machine" ? [{ property: "type", extension: "virtual-machines" }] : [];
  return [...templateFeature("image", props.image), ...machine, ...found];
}

export const container: Core = {
  kind: "container",
  type: "Container",
  description: "A machine container: a whole Linux system that shares the host's kernel.",
  inputs: ContainerInputs,
  outputs: ContainerOutputs,
  idInputs: ["name"],
  features: featuresOf,
  nameMaxLength: 63,

  async check(olds, news) {
    const said = withName(olds, givenContainer(news), 63);
    const short = withShort(said);
    const named = short.inputs;
    const visible = visibleOf(named);
    const shape = [...checkShape(ContainerInputs, visibleOf(said)), ...short.failures];
    // What is made of wrong words is wrong for reasons that nobody wrote.
    const isWrong = shape.some(({ property }) => shortNames.some((name) => property.startsWith(name)));
    const rules = containerRules(isWrong ? visibleOf(said) : visible).map(short.named);
    const failures = [...shape, ...rules];
    const filled = withoutInheritedDefaults(withDefaults(ContainerInputs, visible), visible);
    return { inputs: withFileDefaults({ ...hiddenOf(named), ...filled }), failures };
  },

  diff(olds, news) {
    const inherited = inheritedIn(olds, news);
    const whole = (props: Props) => withInherited(withFileDefaults(props), inherited);
    const result = diffProps(diffRules, whole(olds), whole(withSourceKept(olds, news)));
    const waits = news.allowRestart === true && pendingIn(olds) !== undefined;
    const changes = result.changes || olds[unfinished] === true || waits;
    return { ...result, changes, notes: result.replaces.length > 0 ? [] : restartNotes(olds, news) };
  },

  planned: (news, olds) => plannedState(news, olds, olds?.[unfinished] === true),

  async create(context, news) {
    const inputs = parse(news);
    const { client, signal } = context;
    const { name } = inputs;
    const onProgress = progressTo(context.log);
    const make = async (stamp: Config) => {
      const post = { ...postOf(inputs, news), source: await sourceOf(context, inputs) };
      const operation = await client.createInstance({ ...post, config: { ...post.config, ...stamp } }, { signal });
      await operation.wait({ signal, onProgress });
    };
    const origin = await blamed(() => claimContainer(context, inputs, news, make));
    const stamp = pendingContainer(inputs, news);
    // What does not take the program's words is not adopted.
    if (origin === "adopted" && !isCopy(news)) await writeConfig(context, name, {}, inputs, stamp);
    const made = await orUnfinished(context, name, news, () => withOrigin(context, name, news));
    await orUnfinished(context, name, made, async () => {
      // A server takes some empty values for none and gives the copy those of its source.
      if (isCopy(news) || origin === "own")
        await writeConfig(context, name, {}, parse(news, inheritedIn(made, news)), stamp);
      await writeFiles(context, name, {}, inputs.files ?? {});
      await settle(context, name, inputs, news);
    });
    const live = await readBack(context, name, made);
    await told(context, news, (after) => unmarkContainer(after, name));
    return live;
  },

  foresee: requireCreatable,

  requireCreatable,

  list: ({ client, signal }) => client.listInstances({ signal }),

  async read(context, id, props) {
    try {
      const live = await readBack(context, id, props);
      if (props.files === undefined) return live;
      const files = await readFiles(context, id, filesOf(props));
      return { id, outs: { ...live.outs, files }, inputs: { ...live.inputs, files } };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },

  async update(context, id, olds, news) {
    const inherited = inheritedIn(olds, news);
    const inputs = parse(news, inherited);
    const changed = await writeConfig(
      context,
      id,
      { ...inherited?.config, ...(olds.config as Config | undefined) },
      inputs,
      stampFor("container", news, id),
    );
    const pending = await noteRestart(context, id, inputs, changed, pendingIn(olds));
    const made = { ...news, [inheritedProperty]: inherited, [pendingProperty]: pending };
    await orUnfinished(context, id, made, async () => {
      if (pending !== undefined && inputs.running && inputs.allowRestart) await setState(context, id, "restart");
      await writeFiles(context, id, filesOf(olds), inputs.files ?? {}, olds[unfinished] === true);
      await settle(context, id, inputs, news);
    });
    return readBack(context, id, made);
  },

  delete: (context, id) => deleteContainer(context, id),
};

/** What the server is asked to make. */
function postOf(inputs: Inputs, news: Props) {
  const { name, type, description, config, devices, ephemeral } = inputs;
  const profiles = isCopy(news) && news.profiles === undefined ? null : inputs.profiles;
  return { name, type, description, config, devices, profiles, ephemeral };
}
