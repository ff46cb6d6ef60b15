/** Container claim: making a container, or taking over the one that has its name. */

import type * as z from "zod";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, conflict } from "../../../../sdk/api/errors";
import type { Instance } from "../../../../sdk/api/instance";
import { stampPrefix } from "../../../../sdk/api/stamp";
import { claim, type Origin, pendingStamp } from "../../engine/claim";
import type { Context } from "../../engine/core";
import { ifThere } from "../../engine/failure";
import { pendingKey } from "../../engine/stamp";
import type { Props } from "../../engine/values";
import { deleteContainer } from "./delete";
import type { ContainerInputs } from "./inputs";

type Inputs = z.output<typeof ContainerInputs>;

/** What a half-made container was to be made from. It goes with its completion. */
const originKey = `${stampPrefix}origin`;

const originOf = ({ image, source }: Inputs): string => JSON.stringify([image ?? null, source ?? null]);

/** Keys of a container that its engine has not heard of yet. */
export function pendingContainer(inputs: Inputs, news: Props): Config {
  const stamp = pendingStamp("container", news);
  return Object.keys(stamp).length === 0 ? stamp : { ...stamp, [originKey]: originOf(inputs) };
}

/** Takes off a container what says that it is unfinished. */
export const unmarkContainer = ({ client, signal }: Context, name: string): Promise<void> =>
  client.patchInstance(name, { config: { [pendingKey]: "", [originKey]: "" } }, { signal });

/**
 * @param make makes the container with these keys of the stamp
 * @throws ApiError CONFLICT when the one that is there is another's, or could only be another one
 */
export async function claimContainer(
  context: Context,
  inputs: Inputs,
  news: Props,
  make: (stamp: Config) => Promise<void>,
): Promise<Origin> {
  const { client, signal } = context;
  const { name } = inputs;
  const origin = await claim(context, {
    kind: "container",
    news,
    make: () => make(pendingContainer(inputs, news)),
    find: async () => (await ifThere(client.getInstance(name, { signal })))?.value.config,
  });
  if (origin === "made") return origin;
  const { value } = await client.getInstance(name, { signal });
  if (origin === "adopted") {
    const reason = await whyAnother(context, inputs, value);
    if (reason === undefined) return origin;
    throw conflict(`${reason} Leave out "adopt" and delete it first, or say what it has.`);
  }
  const isSame = (value.config[originKey] ?? originOf(inputs)) === originOf(inputs);
  if (isSame && value.ephemeral === inputs.ephemeral) return origin;
  // Nobody was ever told of it, and it would have to be another one.
  await deleteContainer(context, name);
  return claimContainer(context, inputs, news, make);
}

/** @returns what of a container that is there could only be had by making another one */
async function whyAnother(
  context: Context,
  { image, ephemeral, type = "container" }: Inputs,
  value: Instance,
): Promise<string | undefined> {
  if (value.type !== type) return `type: the one that is there is a ${value.type}, and cannot become a ${type}.`;
  if (value.ephemeral !== ephemeral)
    return `ephemeral: the container that is there is ${value.ephemeral ? "" : "not "}ephemeral, and cannot become the other.`;
  const base = instanceConfig(value.config).get("volatile.base_image");
  const wanted = await fingerprintOf(context, image);
  if (!base || wanted === undefined || base.startsWith(wanted) || wanted.startsWith(base)) return undefined;
  return `image: the container that is there was made from the image ${base.slice(0, 12)}, not from ${image}.`;
}

/** @returns the fingerprint of the image, when it can be known without building one */
async function fingerprintOf({ client, signal }: Context, image: string | undefined): Promise<string | undefined> {
  // What a server of images has by now is not asked.
  if (image === undefined || image.includes(":")) return undefined;
  if (/^[0-9a-f]{12,64}$/.test(image)) return image;
  try {
    return (await ifThere(client.getImageAlias(image, { signal })))?.value.target;
  } catch (error) {
    // A word that can be no alias names no image that is known.
    if (ApiError.is(error) && error.code === "BAD_REQUEST") return undefined;
    throw error;
  }
}
