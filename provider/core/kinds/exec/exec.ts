/** Exec: commands that run in a container when the resource is made, changed and deleted. */
import { randomBytes } from "node:crypto";
import { badRequest } from "../../../../sdk/api/errors";
import { checkShape, givenInputs, withDefaults } from "../../engine/check";
import type { Context, Core, Live } from "../../engine/core";
import { type DiffRules, diffProps } from "../../engine/diff";
import { ifThere } from "../../engine/failure";
import { isImported } from "../../engine/imported";
import { textsIn } from "../../engine/texts";
import { hiddenOf, type Props, same, unknownValue, visibleOf } from "../../engine/values";
import { pick } from "../named";
import { ExecInputs, ExecOutputs } from "./inputs";
import { type Ran, run } from "./run";

/** Hidden output: when the container in which the command ran was made. Another one of the same name has not seen it. */
const madeInProperty = "__madeIn";

const diffRules: DiffRules = { schema: ExecInputs, hidden: ["__instanceCreatedAt"], hiddenIds: ["__instanceId"] };

const outputs = Object.keys(ExecOutputs.shape);
const parse = (props: Props): ExecInputs => ExecInputs.parse(pick(props, Object.keys(ExecInputs.shape)));

/** What a run depends on: a change of anything else is taken note of, and nothing runs. */
const ofRun = ["create", "update", "stdin", "environment", "user", "group", "cwd"] as const;

const runsAgain = (olds: Props, news: Props): boolean => ofRun.some((name) => !same(olds[name], news[name]));

function liveOf(id: string, news: Props, ran: Props, madeIn: unknown): Live {
  const outs = { ...news, ...pick(ran, outputs), [madeInProperty]: madeIn };
  const inputs = pick(outs, [...Object.keys(ExecInputs.shape), ...Object.keys(hiddenOf(news))]);
  return { id, outs, inputs };
}

const instanceOf = (id: string): string => id.split("/")[0] ?? "";

/** When the container was made; nothing for one that is gone. */
const birthOf = async ({ client, signal }: Context, instance: string): Promise<string | undefined> =>
  (await ifThere(client.getInstance(instance, { signal })))?.value.created_at;

/** Whether the container is the one in which the command ran. */
const isSameContainer = (birth: string | undefined, props: Props): birth is string =>
  birth !== undefined && (props[madeInProperty] === undefined || props[madeInProperty] === birth);

export const exec: Core = {
  kind: "exec",
  type: "Exec",
  description: "Commands that run in a container: when the resource is made, when it changes and when it is deleted.",
  inputs: ExecInputs,
  outputs: ExecOutputs,
  idInputs: [],

  async check(_olds, news) {
    const given = givenInputs(news);
    const texts = { ...given, ...textsIn(given, "triggers", "environment") };
    const visible = visibleOf(texts);
    return {
      inputs: { ...hiddenOf(given), ...withDefaults(ExecInputs, visible) },
      failures: checkShape(ExecInputs, visible),
    };
  },

  diff: (olds, news) => diffProps(diffRules, olds, news),

  planned: (news, olds) =>
    olds !== undefined && !runsAgain(olds, news) ? {} : Object.fromEntries(outputs.map((name) => [name, unknownValue])),

  async create(context, news) {
    const inputs = parse(news);
    const ran: Ran = await run(context, inputs, "create", news);
    const id = `${inputs.instance}/${randomBytes(4).toString("hex")}`;
    return liveOf(id, news, { ...ran }, await birthOf(context, inputs.instance));
  },

  /** It is gone when its container is, or is another one. */
  async read(context, id, props) {
    if (isImported(props))
      throw badRequest("a command that was run leaves nothing by which it is found. Declare it, and up runs it.");
    const birth = await birthOf(context, instanceOf(id));
    return isSameContainer(birth, props) ? liveOf(id, props, props, birth) : undefined;
  },

  async update(context, id, olds, news) {
    const inputs = parse(news);
    const ran = runsAgain(olds, news)
      ? await run(context, inputs, inputs.update === undefined ? "create" : "update", news)
      : undefined;
    return liveOf(id, news, ran === undefined ? olds : { ...ran }, await birthOf(context, inputs.instance));
  },

  async delete(context, id, props) {
    if (props.delete === undefined) return;
    if (!isSameContainer(await birthOf(context, instanceOf(id)), props)) return;
    await run(context, parse(props), "delete", props);
  },
};
