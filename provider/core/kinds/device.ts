/**
 * Device: one device of a container or a profile, as a resource of its own. It is marked in its owner's configuration (device-marks.ts), so
 * that the resource of the owner neither sees nor removes it.
 */
import * as z from "zod";
import { type Config, Device as DeviceMap, InstanceName, ProfileName, Text } from "../../../sdk/api/common";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { conflict, notFound } from "../../../sdk/api/errors";
import { checkDeviceOptions, checkShape, givenInputs, withDefaults } from "../engine/check";
import { claim, pendingStamp } from "../engine/claim";
import type { CheckFailure, Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { type DeviceOwner, markOf, withMark } from "../engine/device-marks";
import { diffProps } from "../engine/diff";
import { ifThere, namingProperty } from "../engine/failure";
import { isImported } from "../engine/imported";
import { adopt, endpoint, replacing, timeouts } from "../engine/inputs";
import { isOwn, ownerIn, stampFor } from "../engine/stamp";
import { told } from "../engine/told";
import {
  compact,
  hiddenOf,
  isMap,
  type Props,
  same,
  unknownValue,
  visibleOf,
  withoutEmptyValues,
} from "../engine/values";
import { withRetry } from "../engine/write";
import { pick } from "./named";

export const DeviceInputs = z.strictObject({
  instance: InstanceName.optional().meta(
    replacing("Container that gets the device. Exactly one of `instance` and `profile` is given."),
  ),
  profile: ProfileName.optional().meta(replacing("Profile that gets the device, and with it its containers.")),
  name: Text.min(1)
    .max(64)
    .refine((name) => !name.includes("/"), { message: "must not contain slashes" })
    .meta(replacing("Name of the device, which its owner has no other device of.")),
  type: Text.min(1).meta({
    description: `Type of the device: ${Object.keys(deviceTypes)
      .map((type) => `\`${type}\``)
      .join(", ")}.`,
  }),
  properties: DeviceMap.default({}).meta({
    description: "Options of that type, as `devices` of a container has them; an empty value unsets one.",
  }),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof DeviceInputs>;

const inputNames = Object.keys(DeviceInputs.shape);

/** Hidden output of a device that was imported and bears no mark yet: the next update marks it. */
const unmarked = "__unmarked";

const parse = (props: Props): Inputs => DeviceInputs.parse(visibleOf(props));

interface Place {
  readonly of: "instance" | "profile";
  readonly owner: string;
  readonly name: string;
}

const idOf = ({ of, owner, name }: Place): string => `${of}/${owner}/${name}`;

function placeOf(id: string): Place {
  const [of, owner = "", name = "", ...rest] = id.split("/");
  if ((of !== "instance" && of !== "profile") || owner === "" || name === "" || rest.length > 0)
    throw new Error(
      `Cannot read device "${id}": its id is not of the form instance/<instance>/<name> or profile/<profile>/<name>. Correct the id.`,
    );
  return { of, owner, name };
}

const placeIn = ({ instance, profile, name }: Inputs): Place =>
  instance === undefined ? { of: "profile", owner: String(profile), name } : { of: "instance", owner: instance, name };

/** The owner, and how it is written. */
async function look({ client, signal }: Context, { of, owner }: Place) {
  if (of === "profile") {
    const { value, etag } = await client.getProfile(owner, { signal });
    const write = (config: Config, devices: DeviceOwner["devices"]) =>
      client.updateProfile(owner, { description: value.description, config, devices }, { etag, signal });
    return { value: value as DeviceOwner, write };
  }
  const { value, etag } = await client.getInstance(owner, { signal });
  const { architecture, description, ephemeral, profiles, stateful } = value;
  const write = async (config: Config, devices: DeviceOwner["devices"]) => {
    const put = { architecture, description, ephemeral, profiles: profiles ?? [], stateful, config, devices };
    await (await client.updateInstance(owner, put, { etag, signal })).wait({ signal });
  };
  return { value: value as DeviceOwner, write };
}

const wanted = ({ type, properties }: Inputs): Record<string, string> => ({
  ...(withoutEmptyValues(properties) as Record<string, string>),
  type,
});

/** Writes the device and its mark. @param isNew whether one that is there already is another's */
const write = (context: Context, inputs: Inputs, stamp: Config, isNew = false): Promise<void> =>
  withRetry(context, async () => {
    const place = placeIn(inputs);
    const { value, write } = await look(context, place);
    const { name } = place;
    if (isNew && value.devices[name] !== undefined)
      throw conflict(`The device "${name}" of ${place.of} "${place.owner}" already exists.`);
    const config = withMark(value, name, stamp);
    const devices = { ...value.devices, [name]: wanted(inputs) };
    if (!same(config, value.config) || !same(devices, value.devices)) await write(config, devices);
  });

async function readBack(context: Context, id: string, props: Props): Promise<Live | undefined> {
  const place = placeOf(id);
  const { value } = await look(context, place);
  const device = value.devices[place.name];
  if (device === undefined) return undefined;
  const mark = markOf(value, place.name);
  // The owner's own resource may have taken it over, or another one.
  const isSomebodys = mark === undefined || (Object.keys(mark).length > 0 && !isOwn(mark, "device", props, place.name));
  if (ownerIn(props) !== undefined && isSomebodys && !isImported(props)) return undefined;
  const { type = "", ...properties } = device;
  const { [unmarked]: _, ...hidden } = hiddenOf(props);
  const said = isMap(props.properties) ? props.properties : {};
  const unset = Object.fromEntries(
    Object.entries(said).filter(([option, text]) => text === "" && properties[option] === undefined),
  );
  const inputs = compact({
    ...hidden,
    ...pick(props, inputNames),
    [place.of]: place.owner,
    name: place.name,
    type,
    properties: { ...unset, ...properties },
  });
  return { id, outs: { ...inputs, ...(mark === undefined ? { [unmarked]: true } : {}) }, inputs };
}

async function made(context: Context, id: string, props: Props): Promise<Live> {
  const live = await readBack(context, id, props);
  if (live === undefined) throw notFound("somebody took it away meanwhile. Run up again.");
  return live;
}

function rules({ instance, profile, type, properties }: Props): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (instance === undefined && profile === undefined)
    failures.push({ property: "instance", reason: 'is required, unless "profile" names what gets the device' });
  if (instance !== undefined && profile !== undefined)
    failures.push({ property: "profile", reason: 'cannot be combined with "instance": a device has one owner' });
  if (!isMap(properties) && properties !== undefined) return failures;
  if (isMap(properties) && properties.type !== undefined)
    return [...failures, { property: "properties.type", reason: 'has a property of its own: "type"' }];
  if (typeof type !== "string" || type === unknownValue || type === "") return failures;
  const found = checkDeviceOptions({ it: { ...(properties as Props | undefined), type } });
  const named = found.map(({ property, reason }) => {
    const path = property.replace(/^devices\.it/, "properties");
    return { property: path === "properties.type" ? "type" : path, reason };
  });
  return [...failures, ...named];
}

const culprits = [
  [/instance not found/i, "instance"],
  [/profile not found/i, "profile"],
  [/already exists/i, "name"],
] as const;

export const device: Core = {
  kind: "device",
  type: "Device",
  description:
    "One device of a container or a profile, as a resource of its own. The resource of its owner leaves it alone; deleted together with its owner.",
  inputs: DeviceInputs,
  outputs: z.object({}),
  idInputs: [],
  idForms: [
    ["instance", "<instance>", "<name>"],
    ["profile", "<profile>", "<name>"],
  ],

  async check(_olds, news) {
    const given = givenInputs(news);
    const visible = visibleOf(given);
    return {
      inputs: { ...hiddenOf(given), ...withDefaults(DeviceInputs, visible) },
      failures: [...checkShape(DeviceInputs, visible), ...rules(visible)],
    };
  },

  diff(olds, news) {
    const found = diffProps({ schema: DeviceInputs }, olds, news);
    return { ...found, changes: found.changes || olds[unmarked] === true };
  },

  async create(context, news) {
    const inputs = parse(news);
    const place = placeIn(inputs);
    try {
      const origin = await claim(context, {
        kind: "device",
        news,
        make: (stamp) => write(context, inputs, stamp, true),
        find: async () => {
          const found = await ifThere(look(context, place));
          if (found?.value.devices[place.name] === undefined) return undefined;
          return markOf(found.value, place.name) ?? {};
        },
      });
      if (origin !== "made") await write(context, inputs, pendingStamp("device", news));
    } catch (error) {
      throw namingProperty(error, culprits);
    }
    const live = await made(context, idOf(place), news);
    await told(context, news, (after) => write(after, inputs, stampFor("device", news)));
    return live;
  },

  read: async (context, id, props) => (await ifThere(readBack(context, id, props))) ?? undefined,

  async update(context, id, _olds, news) {
    try {
      await write(context, parse(news), stampFor("device", news));
    } catch (error) {
      throw namingProperty(error, culprits);
    }
    return made(context, id, news);
  },

  /** One that its owner's resource has taken over stays. */
  delete(context, id, props) {
    const place = placeOf(id);
    const isOurs = (value: DeviceOwner) => markOf(value, place.name) !== undefined || props[unmarked] === true;
    return untilGone(context, {
      url: `/1.0/${place.of}s/${place.owner}/devices/${place.name}`,
      remove: () =>
        withRetry(context, async () => {
          const { value, write } = await look(context, place);
          if (!isOurs(value)) return;
          const { [place.name]: _, ...devices } = value.devices;
          await write(withMark(value, place.name), devices);
        }),
      look: () => look(context, place),
    });
  },
};
