/** Container write: the state and the configuration of a container, changed as little as needed. */
import type * as z from "zod";
import type { Config, Devices } from "../../../../sdk/api/common";
import { instanceConfig, volatileKeys } from "../../../../sdk/api/config/instance";
import { ociKeys } from "../../../../sdk/api/config/instance/oci";
import { lxdComputedInstanceKeys } from "../../../../sdk/api/config/lxd-words";
import { computedKeys } from "../../../../sdk/api/config/table";
import type { Instance, InstancePut } from "../../../../sdk/api/instance";
import { stampPrefix } from "../../../../sdk/api/stamp";
import { configToWrite } from "../../engine/config";
import type { Context } from "../../engine/core";
import { withOthers } from "../../engine/device-marks";
import { namingProperty } from "../../engine/failure";
import { stamped } from "../../engine/stamp";
import { same, withoutEmptyValues } from "../../engine/values";
import { withRetry } from "../../engine/write";
import type { ContainerInputs } from "./inputs";
import { isRefusedWhileRunning, restartKeys, restartNote, withAdvice } from "./restart";

type Inputs = z.output<typeof ContainerInputs>;

/** Keys that are not the program's. */
const filledIn = [...computedKeys(volatileKeys), ...lxdComputedInstanceKeys, `${stampPrefix}*`];

/** The same of one server's container: an image of OCI fills in its command and its environment. */
export const filledInOf = ({ config }: { readonly config: Config }): readonly string[] =>
  instanceConfig(config).get("volatile.container.oci")
    ? [...filledIn, ...computedKeys(ociKeys), "environment.*"]
    : filledIn;

/** A clean stop ends after this, in seconds, and then the update fails as LXD's does; only delete kills. */
const stopTimeoutSeconds = 60;

export const isRunning = ({ status }: { status: string }) => status === "Running" || status === "Ready";

export async function setState(
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

/** Which property the server's words are about, the first that fits. */
const culprits: readonly (readonly [RegExp, string])[] = [
  [/\bname\b.*\b(already|in use|exists)|already exists/i, "name"],
  [/\bprofile/i, "profiles"],
  [/instance type|virtual.machine/i, "type"],
  [/\b(image|alias|template)\b/i, "image"],
  [/\b(source|snapshot)\b/i, "source"],
  [/\b(device|nic|network|root disk|storage pool|pool)\b/i, "devices"],
];

/** Names the property that the server complains of. */
export async function blamed<T>(work: () => Promise<T>): Promise<T> {
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
 * @param stamp keys that tell whose it is; none to leave them as they are
 * @returns keys that a container which runs on follows only from its next start on
 */
export async function writeConfig(
  context: Context,
  name: string,
  before: Config,
  inputs: Inputs,
  stamp: Config,
): Promise<string[]> {
  const { client, signal } = context;
  return withRetry(context, async () => {
    const { value, etag } = await client.getInstance(name, { signal });
    const { description, profiles } = inputs;
    const { config, devices } = withOthers(
      value,
      stamped(configToWrite(value.config, inputs.config, before, filledInOf(value)), stamp),
      withoutEmptyValues(inputs.devices) as Devices,
    );
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
      return await writeConfig(context, name, before, inputs, stamp);
    }
    const { value: now } = await client.getInstance(name, { signal });
    return isRunning(value) && isRunning(now) ? restartKeys(value.expanded_config, now.expanded_config) : [];
  });
}
