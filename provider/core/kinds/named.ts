/** Named: the verbs that profiles, storage pools, networks and their like share: a name, a description, a configuration, written at once. */

import type * as z from "zod";
import type { CallOptions, Client, Tagged, WriteOptions } from "../../../sdk";
import type { Config } from "../../../sdk/api/common";
import { type ApiError, conflict } from "../../../sdk/api/errors";
import { type Kind, kindWithin, pathOf } from "../../../sdk/api/kind";
import { stampPrefix } from "../../../sdk/api/stamp";
import { type Alike, inOwnWords } from "../engine/alike";
import { checkConfigKeys, checkShape, givenInputs, withDefaults } from "../engine/check";
import { claim, type Origin, pendingStamp } from "../engine/claim";
import { type ComputedKeys, configToWrite, userConfig } from "../engine/config";
import type { CheckFailure, Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { type DiffRules, diffProps } from "../engine/diff";
import { hasDryRun } from "../engine/dry-run";
import { ifThere, messageOf, namingProperty } from "../engine/failure";
import { withFilledIn } from "../engine/imported";
import { replacingInputs } from "../engine/inputs";
import { withName } from "../engine/name";
import { idOfParts, partsOfId } from "../engine/object-id";
import { pendingKey, stamped, stampFor } from "../engine/stamp";
import { told } from "../engine/told";
import { compact, hiddenOf, type Props, same, visibleOf } from "../engine/values";
import { withRetry } from "../engine/write";

/** Kinds whose servers keep no configuration of them are configured with nothing, and hold no stamp. */
interface Configured {
  readonly config?: Config;
}

/** What GET shows of any of them. */
type Shown = { readonly config: Config } & Props & { readonly used_by?: readonly string[] | null | undefined };

/** Their calls, with what all of them have. */
interface Calls {
  list(options: CallOptions): Promise<Shown[]>;
  get(name: string, options: CallOptions): Promise<Tagged<Shown>>;
  create(post: Props, options: CallOptions): Promise<void>;
  check(post: Props, options: CallOptions): Promise<void>;
  update(name: string, put: Props, options: WriteOptions): Promise<void>;
  patch(name: string, patch: Props, options: CallOptions): Promise<void>;
  delete(name: string, options: CallOptions): Promise<void>;
}

/** What makes one kind of named object differ from another, beyond its definition. */
export interface NamedKind<Inputs extends Configured, Definition extends Kind> {
  readonly definition: Definition;
  readonly type: string;
  readonly description: string;
  readonly inputs: z.ZodObject;
  readonly outputs: z.ZodObject;
  /** The input that tells its objects apart, by which the definition's field goes; `name` when absent. */
  readonly nameInput?: string;
  /** Its names, and those of what it lies in, may hold slashes. */
  readonly hasSlashes?: true;
  /** Inputs that only a create takes, such as a pool's driver. */
  readonly fixed?: readonly string[];
  /** What a create sends beyond the inputs that have the wire's names. */
  post?(inputs: Inputs): Props;
  /** Fields of the mutable part whose inputs have other words than the wire. */
  put?(inputs: Inputs): Props;
  /** Fields of the mutable part that hold what belongs to others too. @param live the object, which an update changes @param config to write */
  keep?(inputs: Inputs, live: z.output<Definition["shown"]>, config: Config): Props;
  /** Inputs that can be written in several ways. */
  readonly alike?: Alike;
  /** Inputs that the server's words in a refusal are about; "$1" stands for what the first group finds. */
  readonly culprits?: readonly (readonly [RegExp, string])[];
  /** Keys of the configuration that two objects cannot have alike. */
  readonly exclusiveKeys?: readonly string[];
  /** Longest name that is made where the program gives none; absent where only the program can say the name. */
  readonly nameMaxLength?: number;
  /** Keys that the server fills in for this object. */
  computed?(inputs: { readonly driver?: string }): ComputedKeys;
  /** Whether some servers take a PATCH for the whole configuration, so that what it does not name is lost. */
  readonly patchMayLose?: boolean;
  /** Rules beyond the shape and the definition's keys. */
  rules?(inputs: Props): CheckFailure[];
  /** What the server adds to the inputs. @param props what the program said */
  outs?(full: z.output<Definition["shown"]>, props: Props): Props;
  /** API extensions beside the definition's that some inputs need. */
  needs?(props: Props): readonly string[];
  /** Makes an object ready to be deleted. @throws ApiError NOT_FOUND when it is gone */
  clear?(context: Context, id: string): Promise<void>;
  /** Outputs that are known before the server tells them, or are not known any more; see Core. */
  planned?(news: Props, olds?: Props): Props;
  /** Makes the one that is replaced leave what the new one needs while both are there. @returns what gives it back */
  makeRoom?(context: Context, inputs: Inputs, old: string): Promise<() => Promise<void>>;
  /** What a create would be refused for, if the object of its name were deleted first. @throws ApiError */
  requireCreatable?(context: Context, inputs: Inputs): void;
  /** @returns why an object of the server's can never be one of ours, such as an interface that is not a managed network */
  isForeign?(full: z.output<Definition["shown"]>): boolean;
}

const configOf = (props: Props): Config => (props.config ?? {}) as Config;

/** Makes the core of a kind. */
export function namedCore<Inputs extends Configured, Definition extends Kind>(
  kind: NamedKind<Inputs, Definition>,
): Core {
  const { definition, fixed = [], alike = {}, nameInput = "name", nameMaxLength } = kind;
  const word = definition.name;
  const words = word.replaceAll("-", " ");
  const mutable = Object.keys(definition.put.shape);
  const diffRules: DiffRules = {
    schema: kind.inputs,
    alike,
    hasUsers: { exclusiveKeys: kind.exclusiveKeys ?? [] },
  };
  const { parent: parentProperty, field: nameField = "name" } = definition;
  /** What an object lies in, and its name. What lies in nothing has its name as its id. */
  const partsOf = (id: string): { readonly parent: string | undefined; readonly name: string } => {
    if (parentProperty === undefined) return { parent: undefined, name: id };
    const [parent = "", name = "", ...rest] = kind.hasSlashes ? partsOfId(id) : id.split("/");
    if (parent === "" || name === "" || rest.length > 0)
      throw new Error(
        `Cannot read ${words} "${id}": its id is not of the form <${parentProperty}>/<${nameInput}>. Correct the id.`,
      );
    return { parent, name };
  };
  const idOf = (inputs: object): string => {
    const { [nameInput]: name, [parentProperty ?? ""]: parent } = inputs as Props;
    return parentProperty === undefined ? String(name) : idOfParts([parent, name]);
  };
  const callsOf = (client: Client, parent: string | undefined) => client.of(definition, parent) as unknown as Calls;
  const hasConfig = "config" in kind.inputs.shape;
  const outsOf = (full: Shown, props: Props): Props => ({
    ...pick(
      full,
      [...mutable, ...fixed].filter((field) => field !== "config"),
    ),
    ...kind.outs?.(full as z.output<Definition["shown"]>, props),
  });
  const computedFor = (full: Shown): ComputedKeys => [
    ...(kind.computed?.({ driver: text(full.driver) }) ?? []),
    `${stampPrefix}*`,
  ];
  const parse = (props: Props) => {
    const inputs: Props = kind.inputs.parse(visibleOf(props));
    const plain = Object.entries(alike).map(([name, plainOf]) => [name, plainOf(inputs[name])]);
    return { ...inputs, ...Object.fromEntries(plain) } as unknown as Inputs;
  };
  const shownPut = (shown: Shown): Props => pick(shown, mutable);
  const putOf = (inputs: Inputs, config: Config, live?: Shown): Props => ({
    ...pick(inputs as unknown as Props, mutable),
    ...kind.put?.(inputs),
    ...(hasConfig ? { config } : {}),
    ...(live === undefined ? {} : kind.keep?.(inputs, live as z.output<Definition["shown"]>, config)),
  });
  const postOf = (inputs: Inputs, config: Config): Props => {
    const own = { ...pick(inputs as unknown as Props, fixed), ...kind.post?.(inputs) };
    return { [nameField]: partsOf(idOf(inputs)).name, ...own, ...putOf(inputs, config) };
  };
  const make = ({ client, signal }: Context, inputs: Inputs, config: Config): Promise<void> =>
    callsOf(client, partsOf(idOf(inputs)).parent).create(postOf(inputs, config), { signal });
  const named = (error: unknown): unknown =>
    namingProperty(error, [
      [/already exists/i, nameInput],
      ...(parentProperty === undefined ? [] : ([[/not found/i, parentProperty]] as const)),
      ...(kind.culprits ?? []),
    ]);
  const get = ({ client, signal }: Context, id: string) => {
    const { parent, name } = partsOf(id);
    return callsOf(client, parent).get(name, { signal });
  };
  const remove = ({ client, signal }: Context, id: string) => {
    const { parent, name } = partsOf(id);
    return callsOf(client, parent).delete(name, { signal });
  };

  const readBack = async (context: Context, id: string, props: Props): Promise<Live> => {
    const { parent, name } = partsOf(id);
    const { value } = await get(context, id);
    const known = pick(props, Object.keys(kind.inputs.shape));
    const config = userConfig(value.config, configOf(props), computedFor(value));
    const within = parentProperty === undefined ? {} : { [parentProperty]: parent };
    const told = inOwnWords(alike, { ...outsOf(value, props), ...within, [nameInput]: name }, props);
    const shown = compact({ ...hiddenOf(props), ...known, ...told, ...(hasConfig ? { config } : {}) });
    const outs = withFilledIn(shown, value.config, computedFor(value), [`${stampPrefix}*`, "volatile.*"]);
    const inputs = pick(outs, [...Object.keys(kind.inputs.shape), ...Object.keys(hiddenOf(outs))]);
    return { id, outs, inputs };
  };

  /** @param before what the program said last @param stamp keys that tell whose it is; none to leave them as they are */
  const write = (context: Context, id: string, inputs: Inputs, before: Config, stamp: Config): Promise<void> =>
    withRetry(context, async () => {
      const { parent, name } = partsOf(id);
      const { value, etag } = await get(context, id);
      const config = stamped(configToWrite(value.config, inputs.config ?? {}, before, computedFor(value)), stamp);
      const put = putOf(inputs, config, value);
      if (!same(put, shownPut(value)))
        await callsOf(context.client, parent).update(name, put, { etag, signal: context.signal });
    });

  const find = async (context: Context, id: string, error: ApiError): Promise<Config | undefined> => {
    const found = await ifThere(get(context, id));
    if (found !== undefined && kind.isForeign?.(found.value as z.output<Definition["shown"]>) === true) throw error;
    return found?.value.config;
  };

  const takeOver = async (context: Context, inputs: Inputs, news: Props, origin: Origin): Promise<void> => {
    const stamp = pendingStamp(word, news);
    const server = outsOf((await get(context, idOf(inputs))).value, news);
    const other = replacingInputs(kind.inputs).find((property) => {
      const wanted = (inputs as unknown as Props)[property];
      return server[property] !== undefined && wanted !== undefined && server[property] !== wanted;
    });
    if (other === undefined) return write(context, idOf(inputs), inputs, {}, stamp);
    if (origin === "adopted")
      throw conflict(
        `${other}: the one that is there has "${server[other]}", and only another one could have "${(inputs as unknown as Props)[other]}". Leave out "adopt" and delete it first, or say what it has.`,
      );
    // Nobody was ever told of it.
    await remove(context, idOf(inputs));
    await make(context, inputs, { ...inputs.config, ...stamp });
  };

  const { keys } = definition;
  const { culprits = [] } = kind;
  const failuresOf = (visible: Props): CheckFailure[] => [
    ...checkShape(kind.inputs, visible),
    ...(keys === undefined ? [] : checkConfigKeys(keys.table, keys.lxd, visible.config)),
    ...(kind.rules?.(visible) ?? []),
  ];

  return {
    kind: word,
    type: kind.type,
    description: kind.description,
    inputs: kind.inputs,
    outputs: kind.outputs,
    idInputs: parentProperty === undefined ? [nameInput] : [parentProperty, nameInput],
    ...(nameMaxLength === undefined ? {} : { nameMaxLength }),
    ...(definition.extension === undefined && kind.needs === undefined
      ? {}
      : {
          needs: (props: Props) => [
            ...(definition.extension === undefined ? [] : [definition.extension]),
            ...(kind.needs?.(props) ?? []),
          ],
        }),
    ...(kind.planned === undefined ? {} : { planned: kind.planned }),

    async check(olds, news) {
      const given = givenInputs(news);
      const named = nameMaxLength === undefined ? given : withName(olds, given, nameMaxLength);
      const visible = visibleOf(named);
      return {
        inputs: { ...hiddenOf(named), ...withDefaults(kind.inputs, visible) },
        failures: failuresOf(visible),
      };
    },

    diff: (olds, news) => diffProps(diffRules, olds, news),

    async create(context, news, replaced) {
      const inputs = parse(news);
      const id = idOf(inputs);
      const { parent, name } = partsOf(id);
      const giveBack = replaced && (await kind.makeRoom?.(context, inputs, replaced.id));
      try {
        const origin = await claim(context, {
          kind: word,
          news,
          make: (stamp: Config) => make(context, inputs, { ...inputs.config, ...stamp }),
          find: (error) => find(context, id, error),
        });
        if (origin !== "made") await takeOver(context, inputs, news, origin);
      } catch (error) {
        await giveBack?.().catch((cause: unknown) =>
          context.log(`Cannot undo what was done for it: ${messageOf(cause)}`),
        );
        throw named(error);
      }
      const live = await readBack(context, id, news);
      if (!hasConfig) return live;
      await told(context, news, (after) =>
        kind.patchMayLose
          ? write(after, id, inputs, inputs.config ?? {}, stampFor(word, news, name))
          : callsOf(after.client, parent).patch(name, { config: { [pendingKey]: "" } }, { signal: after.signal }),
      );
      return live;
    },

    async foresee(context, news) {
      const inputs = parse(news);
      kind.requireCreatable?.(context, inputs);
      if (!hasDryRun(context)) return;
      const { client, signal } = context;
      try {
        await callsOf(client, partsOf(idOf(inputs)).parent).check(postOf(inputs, inputs.config ?? {}), { signal });
      } catch (error) {
        throw named(error);
      }
    },

    requireCreatable: async (context, news) => kind.requireCreatable?.(context, parse(news)),

    ...(parentProperty !== undefined && {
      async requireParent({ client, signal }, props) {
        try {
          await callsOf(client, text(props[parentProperty])).list({ signal });
        } catch (error) {
          throw namingProperty(error, [[/not found/i, parentProperty]]);
        }
      },
    }),

    async list({ client, signal }, props) {
      const parent = parentProperty === undefined ? undefined : text(props[parentProperty]);
      const all = callsOf(client, parent).list({ signal });
      const there = parentProperty === undefined ? await all : ((await ifThere(all)) ?? []);
      return there.map((one) => ({ ...one, name: String(one[nameField]) }));
    },

    read: (context, id, props) => ifThere(readBack(context, id, props)),

    async update(context, id, olds, news) {
      try {
        await write(context, id, parse(news), configOf(olds), stampFor(word, news, partsOf(id).name));
      } catch (error) {
        throw namingProperty(error, culprits);
      }
      return readBack(context, id, news);
    },

    delete: (context, id) =>
      untilGone(context, {
        url: pathOf(kindWithin(definition, partsOf(id).parent), partsOf(id).name),
        remove: async () => {
          await kind.clear?.(context, id);
          await remove(context, id);
        },
        look: () => get(context, id),
        users: async () => (await get(context, id)).value.used_by ?? [],
      }),
  };
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

export const pick = (props: Props, names: readonly string[]): Props =>
  Object.fromEntries(Object.entries(props).filter(([name]) => names.includes(name)));
