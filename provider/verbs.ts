/** Verbs: what both doors do when the engine asks them something: on the right server, with what runs before left, and without secrets in errors. */
import { checkReferences } from "./check-references";
import { withEndpoint } from "./checked";
import type { Checked, Core, Diff, Live, Replaced } from "./core/engine/core";
import { type Holder, holderIn, holderProperty, isSameServer } from "./core/engine/identity";
import { checkAdoption, checkReserved } from "./core/engine/stamp";
import type { Props } from "./core/engine/values";
import { leftName, noteTold, plannedName } from "./left";
import { located } from "./located";
import { notePlan, replacedBy, successorOf } from "./replacements";
import { type Caller, run } from "./run";
import { withUnread } from "./unread";

export interface Verbs {
  /**
   * @param olds last inputs; what they say of a name that was made is kept
   * @param proposed the name that a new object gets when the program gives it none; else one is made
   */
  check(olds: Props, news: Props, proposed?: string): Promise<Checked>;
  diff(id: string, olds: Props, news: Props): Promise<Diff>;
  create(caller: Caller, inputs: Props): Promise<{ readonly id: string; readonly outs: Props }>;
  /** @param missing what an object that is not there comes to @throws Lost */
  read<T>(caller: Caller, id: string, props: Props, missing: (holder: Holder) => T): Promise<Live | T>;
  update(caller: Caller, id: string, olds: Props, news: Props): Promise<Props>;
  /** @throws Lost */
  delete(caller: Caller, id: string, props: Props): Promise<void>;
}

/** @returns the verbs of a kind */
export function verbsOf(core: Core): Verbs {
  const { kind } = core;
  return {
    async check(olds, news, proposed) {
      const left = (await plannedName(core, olds, news)) ?? (olds.__logicalName === undefined ? proposed : undefined);
      const before = left === undefined ? olds : { ...olds, __logicalName: news.__logicalName, name: left };
      const { inputs, failures } = await core.check(before, news);
      const all = [...failures, ...checkReferences(news), ...checkReserved(news), ...checkAdoption(core, news)];
      return withEndpoint({ inputs, failures: all });
    },

    async diff(id, olds, news) {
      const diff = await located(core, id, await withUnread(core, id, olds, news), news);
      notePlan(kind, { id, outs: olds }, news, diff);
      return diff;
    },

    create(caller, given) {
      const name =
        core.onlyId ?? given.name ?? given.template ?? given.sourceFile ?? given[core.idInputs.at(-1) ?? "instance"];
      return run(core, { verb: "create", name, props: given, caller }, async (context, holder) => {
        const left = await leftName(core, context, given);
        const inputs = left === undefined ? given : { ...given, name: left };
        const { id, outs } = await core.create(context, inputs, replacedHere(kind, inputs, holder));
        noteTold(core, context, inputs);
        return { id, outs: { ...outs, [holderProperty]: holder } };
      });
    },

    read: (caller, id, props, missing) =>
      run(core, { verb: "read", name: id, props, olds: props, caller }, async (context, holder) => {
        const live = await core.read(context, id, props);
        if (live === undefined) return missing(holder);
        const { [holderProperty]: _, ...inputs } = live.inputs;
        return { id: live.id, outs: { ...live.outs, [holderProperty]: holder }, inputs };
      }),

    update: (caller, id, olds, news) =>
      run(core, { verb: "update", name: id, props: news, olds, caller }, async (context, holder) => {
        const { outs } = await core.update(context, id, olds, news);
        return { ...outs, [holderProperty]: holder };
      }),

    delete: (caller, id, props) =>
      run(core, { verb: "delete", name: id, props, olds: props, caller }, async (context) => {
        const successor = successorOf(kind, id);
        if (successor !== undefined) await core.requireCreatable?.(context, successor);
        await core.delete(context, id, props);
      }),
  };
}

/** The object that a new one replaces on the same server. */
function replacedHere(kind: string, inputs: Props, holder: Holder): Replaced | undefined {
  const replaced = replacedBy(kind, inputs);
  const known = replaced && holderIn(replaced.outs);
  return known !== undefined && isSameServer(known, holder) ? replaced : undefined;
}
