/** Named: the verbs that profiles, storage pools and networks share: a name, a description, a configuration, written at once. */

import type * as z from "zod";
import type { Tagged } from "../../../sdk";
import type { Config } from "../../../sdk/api/common";
import { type ApiError, conflict } from "../../../sdk/api/errors";
import { stampPrefix } from "../../../sdk/api/stamp";
import { checkShape, givenInputs, withDefaults } from "../engine/check";
import { claim, type Origin, pendingStamp } from "../engine/claim";
import { type ComputedKeys, configToWrite, userConfig } from "../engine/config";
import type { CheckFailure, Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { type DiffRules, diffProps } from "../engine/diff";
import { ifThere, isNotFound, messageOf, namingProperty } from "../engine/failure";
import { replacingInputs } from "../engine/inputs";
import { withName } from "../engine/name";
import { pendingKey, stamped, stampFor } from "../engine/stamp";
import { told } from "../engine/told";
import { compact, hiddenOf, type Props, same, visibleOf } from "../engine/values";
import { withRetry } from "../engine/write";

interface NamedObject {
  readonly name: string;
  readonly config: Config;
}

interface UsedObject extends NamedObject {
  readonly used_by?: readonly string[] | null | undefined;
}

/** What makes one kind of named object differ from another. */
export interface NamedKind<Inputs extends NamedObject, Full extends UsedObject, Put> {
  readonly kind: string;
  readonly type: string;
  readonly description: string;
  readonly inputs: z.ZodObject;
  readonly outputs: z.ZodObject;
  /** Keys of the configuration that two objects cannot have alike. */
  readonly exclusiveKeys?: readonly string[];
  readonly nameMaxLength: number;
  /** Keys that the server fills in for this object. */
  computed(inputs: { readonly driver?: string }): ComputedKeys;
  /** Rules beyond the shape: configuration keys, devices. */
  rules(inputs: Props): CheckFailure[];
  /** Inputs and outputs other than name and config, as the server has them. */
  outs(full: Full): Props;
  get(context: Context, name: string): Promise<Tagged<Full>>;
  list(context: Pick<Context, "client" | "signal">): Promise<Full[]>;
  /** @param config what to give it in place of `inputs.config` */
  create(context: Context, inputs: Inputs, config: Config): Promise<void>;
  /** Merges keys; an empty value unsets one. */
  patchConfig(context: Context, name: string, config: Config): Promise<void>;
  /** Makes the one that is replaced leave what the new one needs while both are there. @returns what gives it back */
  makeRoom?(context: Context, inputs: Inputs, old: string): Promise<() => Promise<void>>;
  /** What a create would be refused for, if the object of its name were deleted first. @throws ApiError */
  requireCreatable?(context: Context, inputs: Inputs): void;
  /** @returns why an object of the server's can never be one of ours, such as an interface that is not a managed network */
  isForeign?(full: Full): boolean;
  /** @param config what to write in place of `inputs.config` */
  put(inputs: Inputs, config: Config): Put;
  /** The mutable part as the server has it, to see whether a write is needed. */
  putOf(full: Full): Put;
  update(context: Context, name: string, put: Put, etag: string | undefined): Promise<void>;
  delete(context: Context, name: string): Promise<void>;
}

const configOf = (props: Props): Config => (props.config ?? {}) as Config;

/** Makes the core of a kind. */
export function namedCore<Inputs extends NamedObject, Full extends UsedObject, Put>(
  kind: NamedKind<Inputs, Full, Put>,
): Core {
  const diffRules: DiffRules = {
    schema: kind.inputs,
    hasUsers: { exclusiveKeys: kind.exclusiveKeys ?? [] },
  };
  const computedFor = (full: Full): ComputedKeys => [
    ...kind.computed({ driver: text(kind.outs(full).driver) }),
    `${stampPrefix}*`,
  ];
  const parse = (props: Props) => kind.inputs.parse(visibleOf(props)) as unknown as Inputs;

  const readBack = async (context: Context, name: string, props: Props): Promise<Live> => {
    const { value } = await kind.get(context, name);
    const server = kind.outs(value);
    const known = pick(props, Object.keys(kind.inputs.shape));
    const config = userConfig(value.config, configOf(props), computedFor(value));
    const outs = compact({ ...hiddenOf(props), ...known, ...server, name, config });
    const inputs = pick(outs, [...Object.keys(kind.inputs.shape), ...Object.keys(hiddenOf(outs))]);
    return { id: name, outs, inputs };
  };

  /** @param before what the program said last @param stamp keys that tell whose it is; none to leave them as they are */
  const write = (context: Context, name: string, inputs: Inputs, before: Config, stamp: Config): Promise<void> =>
    withRetry(context, async () => {
      const { value, etag } = await kind.get(context, name);
      const config = stamped(configToWrite(value.config, inputs.config, before, computedFor(value)), stamp);
      const put = kind.put(inputs, config);
      if (!same(put, kind.putOf(value))) await kind.update(context, name, put, etag);
    });

  const find = async (context: Context, name: string, error: ApiError): Promise<Config | undefined> => {
    const found = await ifThere(kind.get(context, name));
    if (found !== undefined && kind.isForeign?.(found.value) === true) throw error;
    return found?.value.config;
  };

  const takeOver = async (context: Context, inputs: Inputs, news: Props, origin: Origin): Promise<void> => {
    const stamp = pendingStamp(kind.kind, news);
    const server = kind.outs((await kind.get(context, inputs.name)).value);
    const fixed = replacingInputs(kind.inputs).find((property) => {
      const wanted = (inputs as unknown as Props)[property];
      return server[property] !== undefined && wanted !== undefined && server[property] !== wanted;
    });
    if (fixed === undefined) return write(context, inputs.name, inputs, {}, stamp);
    if (origin === "adopted")
      throw conflict(
        `${fixed}: the one that is there has "${server[fixed]}", and only another one could have "${(inputs as unknown as Props)[fixed]}". Leave out "adopt" and delete it first, or say what it has.`,
      );
    // Nobody was ever told of it.
    await kind.delete(context, inputs.name);
    await kind.create(context, inputs, { ...inputs.config, ...stamp });
  };

  return {
    kind: kind.kind,
    type: kind.type,
    description: kind.description,
    inputs: kind.inputs,
    outputs: kind.outputs,

    async check(olds, news) {
      const named = withName(olds, givenInputs(news), kind.nameMaxLength);
      const visible = visibleOf(named);
      const failures = [...checkShape(kind.inputs, visible), ...kind.rules(visible)];
      return { inputs: { ...hiddenOf(named), ...withDefaults(kind.inputs, visible) }, failures };
    },

    diff: (olds, news) => diffProps(diffRules, olds, news),

    async create(context, news, replaced) {
      const inputs = parse(news);
      const { name } = inputs;
      const giveBack = replaced && (await kind.makeRoom?.(context, inputs, replaced.id));
      const make = (stamp: Config) => kind.create(context, inputs, { ...inputs.config, ...stamp });
      try {
        const origin = await claim(context, {
          kind: kind.kind,
          news,
          make,
          find: (error) => find(context, name, error),
        });
        if (origin !== "made") await takeOver(context, inputs, news, origin);
      } catch (error) {
        await giveBack?.().catch((cause: unknown) =>
          context.log(`Cannot undo what was done for it: ${messageOf(cause)}`),
        );
        throw namingProperty(error, [[/already exists/i, "name"]]);
      }
      const live = await readBack(context, name, news);
      await told(context, news, (after) => kind.patchConfig(after, name, { [pendingKey]: "" }));
      return live;
    },

    requireCreatable: async (context, news) => kind.requireCreatable?.(context, parse(news)),

    list: kind.list,

    async read(context, id, props) {
      try {
        return await readBack(context, id, props);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    async update(context, id, olds, news) {
      await write(context, id, parse(news), configOf(olds), stampFor(kind.kind, news, id));
      return readBack(context, id, news);
    },

    delete: (context, id) =>
      untilGone(context, {
        url: `/1.0/${kind.kind}s/${id}`,
        remove: () => kind.delete(context, id),
        look: () => kind.get(context, id),
        users: async () => (await kind.get(context, id)).value.used_by ?? [],
      }),
  };
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

export const pick = (props: Props, names: readonly string[]): Props =>
  Object.fromEntries(Object.entries(props).filter(([name]) => names.includes(name)));
