/** Named: the verbs that profiles, storage pools and networks share: a name, a description, a configuration, written at once. */
import type { z } from "zod";
import type { Tagged } from "../../sdk";
import type { Config } from "../../sdk/api/common";
import { checkShape, givenInputs, withDefaults } from "./check";
import { type ComputedKeys, configToWrite, userConfig } from "./config";
import type { CheckFailure, Context, Core, Live } from "./core";
import { untilGone } from "./delete";
import { type DiffRules, diffProps } from "./diff";
import { isNotFound, namingProperty } from "./failure";
import { withName } from "./name";
import { compact, hiddenOf, type Props, same, visibleOf } from "./values";
import { withRetry } from "./write";

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
  readonly replaceOn: readonly string[];
  readonly nameMaxLength: number;
  /** Keys that the server fills in for this object. */
  computed(inputs: { readonly driver?: string }): ComputedKeys;
  /** Rules beyond the shape: configuration keys, devices. */
  rules(inputs: Props): CheckFailure[];
  /** Inputs and outputs other than name and config, as the server has them. */
  outs(full: Full): Props;
  get(context: Context, name: string): Promise<Tagged<Full>>;
  create(context: Context, inputs: Inputs): Promise<void>;
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
  const diffRules: DiffRules = { schema: kind.inputs, replaceOn: kind.replaceOn };
  const parse = (props: Props) => kind.inputs.parse(visibleOf(props)) as unknown as Inputs;

  const readBack = async (context: Context, name: string, props: Props): Promise<Live> => {
    const { value } = await kind.get(context, name);
    const server = kind.outs(value);
    const known = pick(props, Object.keys(kind.inputs.shape));
    const config = userConfig(value.config, configOf(props), kind.computed({ driver: text(server.driver) }));
    const outs = compact({ ...hiddenOf(props), ...known, ...server, name, config });
    const inputs = pick(outs, [...Object.keys(kind.inputs.shape), ...Object.keys(hiddenOf(outs))]);
    return { id: name, outs, inputs };
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

    async create(context, news) {
      const inputs = parse(news);
      try {
        await kind.create(context, inputs);
      } catch (error) {
        throw namingProperty(error, [[/already exists/i, "name"]]);
      }
      return readBack(context, inputs.name, news);
    },

    async read(context, id, props) {
      try {
        return await readBack(context, id, props);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    async update(context, id, olds, news) {
      const inputs = parse(news);
      await withRetry(context, async () => {
        const { value, etag } = await kind.get(context, id);
        const computed = kind.computed({ driver: text(kind.outs(value).driver) });
        const put = kind.put(inputs, configToWrite(value.config, inputs.config, configOf(olds), computed));
        if (!same(put, kind.putOf(value))) await kind.update(context, id, put, etag);
      });
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
