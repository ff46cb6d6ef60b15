/**
 * Entry: what the stub of every stored resource calls, by version. v1 is a contract: text in old states goes on calling it, so it
 * may learn and never forget. A change that breaks it is v2 beside it.
 */
import "../node-version";

import type { dynamic } from "@pulumi/pulumi";
import { checkReferences } from "../check-references";
import { type Checked, type Diff, othersProperty } from "../core/core";
import { coreOf } from "../core/cores";
import { holderProperty } from "../core/identity";
import { redactorOf } from "../core/secrets";
import type { Props } from "../core/values";
import { setStackEndpoint } from "../endpoint";
import { located } from "../located";
import { type Call, Lost, run } from "../run";
import { withEndpoint, withOthers, withoutSecretsShown } from "./checked";
import { shownOnce } from "./quiet";

/** The provider of one kind, in the shape that Pulumi's dynamic-provider process expects. */
export interface DynamicProvider {
  configure(request: dynamic.ConfigureRequest): Promise<void>;
  check(olds: Props, news: Props): Promise<Checked>;
  diff(id: string, olds: Props, news: Props): Promise<Diff>;
  create(inputs: Props): Promise<{ id: string; outs: Props }>;
  read(id: string, props: Props): Promise<{ id?: string; props?: Props; inputs?: Props }>;
  update(id: string, olds: Props, news: Props): Promise<{ outs: Props }>;
  delete(id: string, props: Props): Promise<void>;
}

const providers = new Map<string, DynamicProvider>();

/** @returns the provider of a kind, the same object for every call */
export function v1(kind: string): DynamicProvider {
  const known = providers.get(kind);
  if (known !== undefined) return known;
  const provider = makeProvider(kind);
  providers.set(kind, provider);
  return provider;
}

/** Each error is for people, once. */
async function shown<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof Error && !(error instanceof Lost) ? shownOnce(error) : error;
  }
}

/** What an object becomes whose server is lost: nothing. */
async function orNothing<T>(work: Promise<T>, nothing: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Lost) return nothing;
    throw error;
  }
}

function makeProvider(kind: string): DynamicProvider {
  const core = coreOf(kind);

  const create = (inputs: Props) => {
    const name = inputs.name ?? inputs.template ?? inputs.sourceFile;
    return run(core, { verb: "create", name, props: inputs }, async (context, holder) => {
      const { id, outs } = await core.create(context, inputs);
      return { id, outs: { ...outs, [holderProperty]: holder } };
    });
  };

  const read = (id: string, props: Props) =>
    run(core, { verb: "read", name: id, props, olds: props }, async (context, holder) => {
      const live = await core.read(context, id, props);
      if (live === undefined) return {};
      const { [holderProperty]: _, ...inputs } = live.inputs;
      return { id: live.id, props: { ...live.outs, [holderProperty]: holder }, inputs };
    });

  const update = (id: string, olds: Props, news: Props) => {
    const call: Call = { verb: "update", name: id, props: news, olds };
    return run(core, call, async (context, holder) => {
      const { outs } = await core.update(context, id, olds, news);
      return { outs: { ...outs, [holderProperty]: holder } };
    });
  };

  const remove = (id: string, props: Props) =>
    run(core, { verb: "delete", name: id, props, olds: props }, (context) => core.delete(context, id, props));

  return {
    async configure({ config }) {
      setStackEndpoint(config.get("bothy:endpoint"));
    },

    async check(olds, { [othersProperty]: others, ...news }) {
      const { inputs, failures } = await core.check(olds, news);
      const checked = { inputs, failures: [...failures, ...checkReferences(news)] };
      return withoutSecretsShown(withOthers(withEndpoint(checked), others), news, olds);
    },

    async diff(id, olds, news) {
      const { notes = [], ...diff } = await shown(located(core, id, olds, news));
      for (const note of notes) console.log(redactorOf(news, olds)(note));
      return diff;
    },

    create: (inputs) => shown(create(inputs)),
    read: (id, props) => shown(orNothing(read(id, props), {})),
    update: (id, olds, news) => shown(update(id, olds, news)),
    delete: (id, props) => shown(orNothing(remove(id, props), undefined)),
  };
}
