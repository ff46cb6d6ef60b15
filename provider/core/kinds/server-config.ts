/** Server config: keys of the server's own configuration. A resource has those that it names; all others are somebody else's. */
import * as z from "zod";
import type { Config } from "../../../sdk/api/common";
import { lxdServerKeys } from "../../../sdk/api/config/lxd-words";
import { serverKeys } from "../../../sdk/api/config/server";
import { findRow, type Row } from "../../../sdk/api/config/table";
import { conflict } from "../../../sdk/api/errors";
import { isStampKey } from "../../../sdk/api/stamp";
import { checkConfigKeys, checkShape, givenInputs, propertyPath, withDefaults } from "../engine/check";
import type { Context, Core, Live } from "../engine/core";
import { diffProps } from "../engine/diff";
import { messageOf, namingProperty } from "../engine/failure";
import { isImported } from "../engine/imported";
import { adopt, configInput, endpoint, timeouts } from "../engine/inputs";
import { compact, hiddenOf, isMap, type Props, same, unknownValue, visibleOf } from "../engine/values";
import { pick } from "./named";

export const ServerConfigInputs = z.strictObject({
  config: configInput(serverKeys),
  adopt,
  endpoint,
  timeouts,
});

/** A server has one configuration. */
const onlyId = "server";

/** Servers tell of a password only that there is one. */
const hiddenKey = "core.trust_password";
const isHidden = (key: string, live: string | undefined): boolean => key === hiddenKey && live === "true";

const rowOf = (key: string): Row | undefined => findRow(serverKeys, key);

const configOf = (props: Props): Config => (isMap(props.config) ? (props.config as Config) : {});

/** What a value means, by the key's own words for it. */
function meaningOf(key: string, value: string): unknown {
  const row = rowOf(key);
  if (value === unknownValue || row === undefined || row.type.check(value) !== undefined) return value;
  return row.type.parse(value) ?? value;
}

const isSame = (key: string, one: string, other: string): boolean => same(meaningOf(key, one), meaningOf(key, other));

/** The value that a key has: the server's, or its default, which LXD does not tell of. */
const liveValue = (live: Config, key: string): string => live[key] ?? rowOf(key)?.default ?? "";

function stands(live: Config, key: string, value: string): boolean {
  if (value === "") return live[key] === undefined;
  return isHidden(key, live[key]) || isSame(key, liveValue(live, key), value);
}

/** Keys of a resource as the server has them, in the program's words where these mean the same. */
function ownConfig(live: Config, own: Config): Config {
  const told = Object.entries(own).map(([key, value]) => [key, stands(live, key, value) ? value : live[key]]);
  return compact(Object.fromEntries(told)) as Config;
}

const liveConfig = async ({ client, signal }: Context): Promise<Config> =>
  (await client.getServer({ signal })).value.config as Config;

function liveOf(live: Config, props: Props): Live {
  const others = Object.fromEntries(Object.entries(live).filter(([key]) => !isStampKey(key)));
  const config = props.config === undefined ? others : ownConfig(live, configOf(props));
  const own = pick(props, Object.keys(ServerConfigInputs.shape));
  const outs = { ...hiddenOf(props), ...own, config };
  return { id: onlyId, outs, inputs: outs };
}

/** Of what an import read, the keys are the program's that it names. */
const withOwnKeys = (olds: Props, news: Props): Props =>
  isImported(olds) && isMap(olds.config) && isMap(news.config)
    ? { ...olds, config: ownConfig(configOf(olds), configOf(news)) }
    : olds;

/** Values by what they mean. */
const plainConfig = (config: unknown): unknown =>
  isMap(config)
    ? Object.fromEntries(
        Object.entries(config)
          .filter(([, value]) => value !== "")
          .map(([key, value]) => [key, typeof value === "string" ? JSON.stringify(meaningOf(key, value)) : value]),
      )
    : config;

async function patch({ client, signal }: Context, config: Config): Promise<void> {
  const keys = Object.keys(config);
  if (keys.length === 0) return;
  try {
    await client.patchServer({ config }, { signal });
  } catch (error) {
    const wrong = keys.find((key) => messageOf(error).includes(key)) ?? (keys.length === 1 ? keys[0] : undefined);
    throw wrong === undefined ? error : namingProperty(error, [[/./, propertyPath(["config", wrong])]]);
  }
}

/** @throws ApiError CONFLICT for a key that somebody else has set to another value */
function requireFree(live: Config, wanted: Config): void {
  const key = Object.keys(wanted).find((one) => live[one] && (one === hiddenKey || !stands(live, one, wanted[one]!)));
  if (key === undefined) return;
  const property = propertyPath(["config", key]);
  throw conflict(
    `${property}: the server has another value for it, which somebody else has set. Unset it there, or take it over with "adopt: true".`,
  );
}

export const serverConfig: Core = {
  kind: "server-config",
  type: "ServerConfig",
  description:
    "Keys of the server's own configuration. The resource has those that it names, sets them back when it is deleted, and leaves all others alone.",
  inputs: ServerConfigInputs,
  outputs: z.object({}),
  idInputs: [],
  onlyId,

  async check(_olds, news) {
    const given = givenInputs(news);
    const visible = visibleOf(given);
    return {
      inputs: { ...hiddenOf(given), ...withDefaults(ServerConfigInputs, visible) },
      failures: [
        ...checkShape(ServerConfigInputs, visible),
        ...checkConfigKeys(serverKeys, lxdServerKeys, visible.config),
      ],
    };
  },

  diff: (olds, news) =>
    diffProps({ schema: ServerConfigInputs, alike: { config: plainConfig } }, withOwnKeys(olds, news), news),

  async create(context, news) {
    const wanted = configOf(news);
    const live = await liveConfig(context);
    if (news.adopt !== true) requireFree(live, wanted);
    await patch(context, wanted);
    return liveOf(await liveConfig(context), news);
  },

  /** It is gone when none of what it had is set any more. */
  async read(context, _id, props) {
    const live = await liveConfig(context);
    const found = liveOf(live, props);
    const now = configOf(found.outs);
    const own = Object.entries(configOf(props)).flatMap(([key, value]) => (value === "" ? [] : [key]));
    const isGone = own.some((key) => now[key] === undefined) && own.every((key) => live[key] === undefined);
    return isGone ? undefined : found;
  },

  async update(context, _id, olds, news) {
    const before = configOf(withOwnKeys(olds, news));
    const wanted = configOf(news);
    const live = await liveConfig(context);
    const dropped = Object.keys(before).filter((key) => wanted[key] === undefined && live[key] !== undefined);
    const changed = Object.entries(wanted).filter(
      ([key, value]) => !stands(live, key, value) || (key === hiddenKey && before[key] !== value),
    );
    await patch(context, Object.fromEntries([...dropped.map((key) => [key, ""]), ...changed]));
    return liveOf(await liveConfig(context), news);
  },

  async delete(context, _id, props) {
    if (isImported(props))
      return context.log("The server keeps its configuration: it was imported, and never changed from here.");
    const live = await liveConfig(context);
    const set = Object.keys(configOf(props)).filter((key) => live[key] !== undefined);
    await patch(context, Object.fromEntries(set.map((key) => [key, ""])));
  },
};
