/** Container: create, start, wait; update in place; force stop and delete. */
import type { z } from "zod";
import type { Config, Devices } from "../../sdk/api/common";
import { isTrue } from "../../sdk/api/config/values";
import { ApiError, badRequest } from "../../sdk/api/errors";
import type { Instance, InstanceFull, InstancePut, InstanceSource } from "../../sdk/api/instance";
import { checkShape, givenInputs, withDefaults } from "./check";
import { configToWrite, userConfig } from "./config";
import { addressOuts } from "./container-addresses";
import { type Files, readFiles, writeFiles } from "./container-files";
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
} from "./container-inherited";
import { ContainerInputs, ContainerOutputs, containerRules } from "./container-inputs";
import {
  isRefusedWhileRunning,
  type Pending,
  pendingIn,
  pendingProperty,
  restartKeys,
  restartNote,
  restartNotes,
  withAdvice,
} from "./container-restart";
import { movesRootDisk } from "./container-root";
import { waitUntilReady } from "./container-wait";
import type { Context, Core, Live } from "./core";
import { untilGone } from "./delete";
import { type DiffRules, diffProps } from "./diff";
import { InitFailed, isNotFound, namingProperty } from "./failure";
import { withName } from "./name";
import { pick } from "./named";
import { progressTo } from "./progress";
import { compact, hiddenOf, isMap, type Props, same, visibleOf, withoutEmptyValues } from "./values";
import { withRetry } from "./write";

type Inputs = z.output<typeof ContainerInputs>;

/** Extension of the daemon that kills and deletes in one request. */
const forceDeleteExtension = "bothy_instance_force_delete";

const computedKeys = ["environment.", "image.", "oci.", "volatile."];
const diffRules: DiffRules = {
  schema: ContainerInputs,
  replaceOn: ["name", "image", "source", "ephemeral", "endpoint"],
  replaceWhen: { devices: movesRootDisk },
};

/** A clean stop ends after this, in seconds, and then the update fails as LXD's does; only delete kills. */
const stopTimeoutSeconds = 60;

/** Marks a container whose files, start or wait failed: the next update does all of them again. */
const unfinished = "__unfinished";

/** Hidden properties that are outputs; the others are inputs as well. */
const hiddenOutputs: readonly string[] = [unfinished, inheritedProperty, pendingProperty];

/** Reads inputs; those of a copy say less than it is, so what it inherited comes with them. */
const parse = (props: Props, inherited?: Inherited): Inputs =>
  ContainerInputs.parse(visibleOf(compact(withInherited(props, inherited))));

const isRunning = ({ status }: { status: string }) => status === "Running" || status === "Ready";

function sourceOf({ image, source }: Inputs): InstanceSource {
  if (source !== undefined) {
    const { instance, snapshot } = source;
    return { type: "copy", source: snapshot === undefined ? instance : `${instance}/${snapshot}` };
  }
  if (image === undefined) throw new Error('Cannot create the container: neither "image" nor "source" is given.');
  return /^[0-9a-f]{12,64}$/.test(image) ? { type: "image", fingerprint: image } : { type: "image", alias: image };
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
    config: userConfig(full.config, (props.config ?? {}) as Config, computedKeys),
    devices: full.devices,
    profiles: full.profiles ?? [],
    ephemeral: full.ephemeral,
    running: isRunning(full),
    status: full.status,
    architecture: full.architecture,
    createdAt: full.created_at,
    ...addressOuts(full.state?.network ?? null, full.expanded_devices, full.expanded_config),
  };
  const outs = compact(withoutInherited(whole, props));
  const hidden = Object.keys(hiddenOf(outs)).filter((name) => !hiddenOutputs.includes(name));
  const inputs = pick(outs, [...inputNames.filter((name) => !notSaid(outs).includes(name)), ...hidden]);
  return { id: full.name, outs, inputs };
}

const readBack = async ({ client, signal }: Context, name: string, props: Props): Promise<Live> =>
  liveOf(await client.getInstanceFull(name, { signal }), props);

async function setState(
  context: Context,
  name: string,
  action: "start" | "stop" | "restart" | "unfreeze",
  force = false,
) {
  const { client, signal } = context;
  const timeout = action === "stop" || action === "restart" ? stopTimeoutSeconds : -1;
  const operation = await client.setInstanceState(name, { action, timeout, force }, { signal });
  await operation.wait({ signal });
}

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
    throw new InitFailed(name, { ...outs, [unfinished]: true }, cause);
  }
}

/** Adds to the inputs of a copy what it inherited. */
async function withOrigin({ client, signal }: Context, name: string, news: Props): Promise<Props> {
  if (!isCopy(news)) return news;
  const { value } = await client.getInstance(name, { signal });
  return { ...news, [inheritedProperty]: inheritedOf(value, news, computedKeys) };
}

/** Which property the server's words are about, the first that fits. */
const culprits: readonly (readonly [RegExp, string])[] = [
  [/\bname\b.*\b(already|in use|exists)|already exists/i, "name"],
  [/\bprofile/i, "profiles"],
  [/\b(image|alias|template)\b/i, "image"],
  [/\b(source|snapshot)\b/i, "source"],
  [/\b(device|nic|network|root disk|storage pool|pool)\b/i, "devices"],
];

async function blamed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw namingProperty(error, culprits);
  }
}

const putOf = ({
  architecture,
  config,
  devices,
  description,
  ephemeral,
  profiles,
  stateful,
}: Instance): InstancePut => ({
  architecture,
  config,
  devices,
  description,
  ephemeral,
  profiles: profiles ?? [],
  stateful,
});

/**
 * Writes what differs. A running container whose server does not take a key meanwhile is stopped for it, when the program allows that.
 * @returns keys that a container which runs on follows only from its next start on
 */
async function writeConfig(context: Context, name: string, before: Config, inputs: Inputs): Promise<string[]> {
  const { client, signal } = context;
  return withRetry(context, async () => {
    const { value, etag } = await client.getInstance(name, { signal });
    const config = configToWrite(value.config, inputs.config, before, computedKeys);
    const { description, profiles } = inputs;
    const devices = withoutEmptyValues(inputs.devices) as Devices;
    const put = { ...putOf(value), config, description, devices, profiles };
    if (same(put, putOf(value))) return [];
    try {
      await blamed(async () => (await client.updateInstance(name, put, { etag, signal })).wait({ signal }));
    } catch (error) {
      if (!isRefusedWhileRunning(error)) throw error;
      // The stop of an ephemeral one would delete it.
      if (!inputs.allowRestart || value.ephemeral) throw withAdvice(error);
      context.log(restartNote(name, restartKeys(value.config, config), true));
      await setState(context, name, "stop");
      return await writeConfig(context, name, before, inputs);
    }
    const { value: now } = await client.getInstance(name, { signal });
    return isRunning(value) && isRunning(now) ? restartKeys(value.expanded_config, now.expanded_config) : [];
  });
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

export const container: Core = {
  kind: "container",
  type: "Container",
  description: "A machine container: a whole Linux system that shares the host's kernel.",
  inputs: ContainerInputs,
  outputs: ContainerOutputs,

  async check(olds, news) {
    const named = withName(olds, givenInputs(news), 63);
    const visible = visibleOf(named);
    const failures = [...checkShape(ContainerInputs, visible), ...containerRules(visible)];
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

  async create(context, news) {
    const inputs = parse(news);
    const { client, signal } = context;
    const { name, description, config, devices, ephemeral } = inputs;
    const profiles = isCopy(news) && news.profiles === undefined ? null : inputs.profiles;
    const post = { name, description, config, devices, profiles, ephemeral, source: sourceOf(inputs) };
    const onProgress = progressTo(context.log);
    await blamed(async () => (await client.createInstance(post, { signal })).wait({ signal, onProgress }));
    const made = await orUnfinished(context, name, news, () => withOrigin(context, name, news));
    await orUnfinished(context, name, made, async () => {
      // A server takes some empty values for none and gives the copy those of its source.
      if (isCopy(news)) await writeConfig(context, name, {}, parse(news, inheritedIn(made, news)));
      await writeFiles(context, name, {}, inputs.files ?? {});
      await settle(context, name, inputs, news);
    });
    return readBack(context, name, made);
  },

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

  delete(context, id) {
    const { client, signal } = context;
    const remove = async () => {
      const { value } = await client.getInstance(id, { signal });
      // What the deletion would be refused for is said before anything is killed.
      if (isTrue(value.expanded_config["security.protection.delete"]))
        throw badRequest(
          "Instance is protected from being deleted. Unset security.protection.delete first, of it or of its profile.",
        );
      const force = value.status !== "Stopped" && context.server.api_extensions.includes(forceDeleteExtension);
      if (value.status !== "Stopped" && !force) await forceStop(context, id);
      const operation = await client.deleteInstance(id, { signal, force });
      await operation.wait({ signal });
    };
    return untilGone(context, {
      url: `/1.0/instances/${id}`,
      remove,
      look: () => client.getInstance(id, { signal }),
    });
  },
};

/** Kills what runs. One that stopped by itself meanwhile is as good. */
async function forceStop(context: Context, name: string): Promise<void> {
  try {
    await setState(context, name, "stop", true);
  } catch (error) {
    if (!ApiError.is(error) || !/already stopped|not running/i.test(error.message)) throw error;
  }
}
