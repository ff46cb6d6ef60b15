/**
 * Entry: what the stub of every stored resource calls, by version. v1 is a contract: text in old states goes on calling it.
 * It may get more, and nothing of it may go. A change that breaks it is v2 beside it.
 */
import "../node-version";

import type { dynamic } from "@pulumi/pulumi";
import { notFound } from "../../sdk/api/errors";
import { withOthers, withoutSecretsShown } from "../checked";
import { type Checked, type Diff, othersProperty } from "../core/engine/core";
import { type Holder, holderIn } from "../core/engine/identity";
import { redactorOf } from "../core/engine/secrets";
import type { Props } from "../core/engine/values";
import { coreOf } from "../core/kinds/cores";
import { setDefaults } from "../endpoint";
import { foreseen } from "../foresight";
import { listen } from "../listener";
import { type Caller, Lost } from "../run";
import { verbsOf } from "../verbs";
import { previewProperty, readProperty } from "./hidden";
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
async function heard<T>(work: (caller: Caller) => Promise<T>): Promise<T> {
  using caller = listen();
  return await work(caller);
}

function makeProvider(kind: string): DynamicProvider {
  const core = coreOf(kind);
  const verbs = verbsOf(core);

  /** Create and update are not called in a preview, so what the server would refuse is told by the check. */
  const foretell = (olds: Props, inputs: Props) =>
    heard(async ({ signal }) => {
      const trouble = await foreseen(core, Object.keys(olds).length === 0 ? "create" : "update", inputs, signal);
      const name = inputs.name ?? inputs.__logicalName;
      if (trouble !== undefined) console.log(`${core.type}${name === undefined ? "" : ` "${name}"`}: ${trouble}`);
    });

  const read = (id: string, props: Props) =>
    heard(async (caller) => {
      const live = await verbs.read(caller, id, props, (holder) => missing(props, holder));
      return live.id === undefined ? {} : { id: live.id, props: live.outs, inputs: live.inputs };
    });

  return {
    async configure({ config }) {
      setDefaults({ endpoint: config.get("bothy:endpoint") });
    },

    async check(olds, { [othersProperty]: others, [previewProperty]: isPreview, ...news }) {
      const checked = withoutSecretsShown(withOthers(await verbs.check(olds, news), others), news, olds);
      if (isPreview === true && checked.failures.length === 0) await foretell(olds, checked.inputs);
      return checked;
    },

    async diff(id, olds, news) {
      const { notes = [], details: _, deleteFirst: __, ...diff } = await shown(verbs.diff(id, olds, news));
      for (const note of notes) console.log(redactorOf(news, olds)(note));
      return diff;
    },

    create: (inputs) => shown(heard((caller) => verbs.create(caller, inputs))),
    read: (id, props) => shown(orNothing(read(id, props), {})),
    update: async (id, olds, news) => ({ outs: await shown(heard((caller) => verbs.update(caller, id, olds, news))) }),
    delete: (id, props) =>
      shown(
        orNothing(
          heard((caller) => verbs.delete(caller, id, props)),
          undefined,
        ),
      ),
  };
}

/** Nothing for an object that was there once; one that a program reads by its id must be there. */
function missing(props: Props, { endpoint }: Holder): { readonly id?: undefined } {
  if (props[readProperty] !== true || holderIn(props) !== undefined) return {};
  throw notFound(`the daemon at "${endpoint}" has none of that name. Correct the id, or make it first.`);
}
