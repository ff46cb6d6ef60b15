/**
 * Entry: what the stub of every stored resource calls, by version. v1 is a contract: text in old states goes on calling it.
 * It may get more, and nothing of it may go. A change that breaks it is v2 beside it.
 */
import "../node-version";

import type { dynamic } from "@pulumi/pulumi";
import { notFound } from "../../sdk/api/errors";
import { checkReferences } from "../check-references";
import { type Checked, type Context, type Core, type Diff, othersProperty, type Replaced } from "../core/engine/core";
import { type Holder, holderIn, holderProperty, isSameServer } from "../core/engine/identity";
import { redactorOf } from "../core/engine/secrets";
import { checkAdoption, checkReserved } from "../core/engine/stamp";
import type { Props } from "../core/engine/values";
import { coreOf } from "../core/kinds/cores";
import { setStackEndpoint } from "../endpoint";
import { leftName, noteTold, plannedName } from "../left";
import { located } from "../located";
import { notePlan, replacedBy, successorOf } from "../replacements";
import { type Call, Lost, run } from "../run";
import { withEndpoint, withOthers, withoutSecretsShown } from "./checked";
import { listen } from "./engine";
import { readProperty } from "./hidden";
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

/** Runs a verb for as long as the engine listens. */
async function heard<T>(
  core: Core,
  call: Omit<Call, "caller">,
  work: (context: Context, holder: Holder) => Promise<T>,
): Promise<T> {
  using caller = listen();
  return await run(core, { ...call, caller }, work);
}

function makeProvider(kind: string): DynamicProvider {
  const core = coreOf(kind);

  const create = (given: Props) => {
    const name = given.name ?? given.template ?? given.sourceFile;
    return heard(core, { verb: "create", name, props: given }, async (context, holder) => {
      const left = await leftName(core, context, given);
      const inputs = left === undefined ? given : { ...given, name: left };
      const { id, outs } = await core.create(context, inputs, replacedHere(kind, inputs, holder));
      noteTold(core, context, inputs);
      return { id, outs: { ...outs, [holderProperty]: holder } };
    });
  };

  const read = (id: string, props: Props) =>
    heard(core, { verb: "read", name: id, props, olds: props }, async (context, holder) => {
      const live = await core.read(context, id, props);
      if (live === undefined) return missing(props, holder);
      const { [holderProperty]: _, ...inputs } = live.inputs;
      return { id: live.id, props: { ...live.outs, [holderProperty]: holder }, inputs };
    });

  const update = (id: string, olds: Props, news: Props) =>
    heard(core, { verb: "update", name: id, props: news, olds }, async (context, holder) => {
      const { outs } = await core.update(context, id, olds, news);
      return { outs: { ...outs, [holderProperty]: holder } };
    });

  const remove = (id: string, props: Props) =>
    heard(core, { verb: "delete", name: id, props, olds: props }, async (context) => {
      const successor = successorOf(kind, id);
      if (successor !== undefined) await core.requireCreatable?.(context, successor);
      await core.delete(context, id, props);
    });

  return {
    async configure({ config }) {
      setStackEndpoint(config.get("bothy:endpoint"));
    },

    async check(olds, { [othersProperty]: others, ...news }) {
      const left = await plannedName(core, olds, news);
      const before = left === undefined ? olds : { ...olds, __logicalName: news.__logicalName, name: left };
      const { inputs, failures } = await core.check(before, news);
      const all = [...failures, ...checkReferences(news), ...checkReserved(news), ...checkAdoption(core, news)];
      return withoutSecretsShown(withOthers(withEndpoint({ inputs, failures: all }), others), news, olds);
    },

    async diff(id, olds, news) {
      const { notes = [], ...diff } = await shown(located(core, id, olds, news));
      notePlan(kind, { id, outs: olds }, news, diff);
      for (const note of notes) console.log(redactorOf(news, olds)(note));
      return diff;
    },

    create: (inputs) => shown(create(inputs)),
    read: (id, props) => shown(orNothing(read(id, props), {})),
    update: (id, olds, news) => shown(update(id, olds, news)),
    delete: (id, props) => shown(orNothing(remove(id, props), undefined)),
  };
}

/** The object that a new one replaces on the same server. */
function replacedHere(kind: string, inputs: Props, holder: Holder): Replaced | undefined {
  const replaced = replacedBy(kind, inputs);
  const known = replaced && holderIn(replaced.outs);
  return known !== undefined && isSameServer(known, holder) ? replaced : undefined;
}

/** Nothing for an object that was there once; one that a program reads by its id must be there. */
function missing(props: Props, { endpoint }: Holder): Record<string, never> {
  if (props[readProperty] !== true || holderIn(props) !== undefined) return {};
  throw notFound(`the daemon at "${endpoint}" has none of that name. Correct the id, or make it first.`);
}
