/** Follow: the devices of a running container become those of its changed configuration, or stay as they were. */
import { isDeepStrictEqual } from "node:util";
import type { Config, Devices } from "../../../../sdk/api/common";
import { Revert } from "../../../core/revert";
import type { IdRange, Op } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import { runningFileLabelOps } from "../labels/label";
import type { RunningInstance } from "../life/running";
import { type InstanceRecord, keyOf } from "../record";
import { ruleChangeOps } from "./device-rules";
import { changedDevices, devicesReplaced, devicesUnplanned, keptBy, planDevices, withChosenKeys } from "./devices";
import type { PlanFacts } from "./driver";
import { ownAddresses } from "./own-addresses";
import { afterSteps, beforeSteps, cellSteps, type DevicePlan } from "./step";
import { withoutKept } from "./volatile-keys";

export interface Change {
  /** Devices with those of the profiles, before and now. */
  readonly was: Devices;
  readonly is: Devices;
  /** Those whose nodes on the host have changed, while their options have not. */
  readonly again?: readonly string[];
  /** Those of them that the container has not as it is noted. */
  readonly lost?: readonly string[];
}

/**
 * What is new is made known first and what is gone is forgotten last, so that a step that fails leaves the container with what it had.
 * @param record the instance as it shall be @returns its own configuration with the volatile keys of its devices
 */
export async function followDevices(
  home: InstanceHome,
  record: InstanceRecord,
  running: RunningInstance,
  ids: IdRange | undefined,
  { was, is, again = [], lost = [] }: Change,
): Promise<Config> {
  const asked = changedDevices(home, was, is);
  const changed = [...new Set([...asked, ...again])];
  const chosen = withChosenKeys({ ...record, config: withoutKept(record.config, changed) }, is);
  if (changed.length === 0) return chosen;
  const { config } = await ownAddresses(home, { ...record, config: chosen }, is, (device) => changed.includes(device));
  const isFollowed = (device: string) => again.includes(device) && !asked.includes(device);
  const isAnew = (device: string) => changed.includes(device);
  const asIs = { before: record, after: { ...record, config } };
  const isInPart = (device: string) => isFollowed(device) && !lost.includes(device);
  const come = await exchange(home, asIs, running, ids, { was, is, isAnew, isFollowed, isInPart });
  devicesReplaced(
    home,
    record,
    is,
    come.filter(({ device }) => was[device] !== undefined),
  );
  return { ...config, ...keptBy(come) };
}

interface Exchange extends Pick<PlanFacts, "isAnew" | "isFollowed"> {
  readonly was: Devices;
  readonly is: Devices;
  /** Whether the container keeps what it has of the device and shall have. */
  readonly isInPart: (device: string) => boolean;
}

/** @returns the plans of the devices that have come */
async function exchange(
  home: InstanceHome,
  { before, after }: { readonly before: InstanceRecord; readonly after: InstanceRecord },
  running: RunningInstance,
  ids: IdRange | undefined,
  { was, is, isAnew, isFollowed, isInPart }: Exchange,
): Promise<DevicePlan[]> {
  try {
    const all = await planDevices(home, after, is, ids, isAnew, isFollowed);
    const had = await planDevices(home, before, was, ids, () => false);
    const come = all.filter(({ device }) => isAnew(device));
    const gone = had.filter(({ device }) => isAnew(device)).reverse();
    const without = (plans: readonly DevicePlan[], others: readonly DevicePlan[]) =>
      plans.map((plan) => (isInPart(plan.device) ? withoutSteps(plan, others) : plan));
    await carryOut(home, before, running, ids, {
      gone: without(gone, come),
      come: without(come, gone),
      rules: [rulesOf(had), rulesOf(all)],
    });
    return come;
  } catch (error) {
    await devicesUnplanned(home, before, is, isAnew);
    throw error;
  }
}

/** A node that stays is not taken away meanwhile: somebody may be about to open it. */
function withoutSteps(plan: DevicePlan, others: readonly DevicePlan[]): DevicePlan {
  const ops = cellSteps(others.filter(({ device }) => device === plan.device)).map(({ op }) => op);
  const isThere = (step: DevicePlan["steps"][number]) =>
    step.by === "cell" && ops.some((op) => isDeepStrictEqual(op, step.op));
  return { ...plan, steps: plan.steps.filter((step) => !isThere(step)) };
}

const rulesOf = (plans: readonly DevicePlan[]): string[] => plans.flatMap(({ rules = [] }) => rules);

interface Turn {
  /** The last one first. */
  readonly gone: readonly DevicePlan[];
  readonly come: readonly DevicePlan[];
  /** Device rules before and after. */
  readonly rules: readonly [readonly string[], readonly string[]];
}

async function carryOut(
  home: InstanceHome,
  record: InstanceRecord,
  running: RunningInstance,
  ids: IdRange | undefined,
  { gone, come, rules: [had, has] }: Turn,
): Promise<void> {
  const { layout } = home.groups;
  const group = home.groups.of(keyOf(record));
  const files = runningFileLabelOps(home.dirs, record);
  await using undo = new Revert(home.log);
  // One by one: what is taken back is what was done, and nothing of others that stood in the way.
  const plug = async (op: Op, back: Op) => {
    await home.native.plug(running.cell, ids, [...files, op]);
    undo.add(() => home.native.plug(running.cell, ids, [...files, back]));
  };
  const changeRules = async (from: readonly string[], to: readonly string[]) => {
    const ops = ruleChangeOps(layout, group, from, to);
    if (ops.length === 0) return;
    undo.add(() => home.native.plug(running.cell, ids, ruleChangeOps(layout, group, to, from)));
    await home.native.plug(running.cell, ids, ops);
  };
  const earlier = new Map(beforeSteps(gone).map((step) => [step.about, step]));
  for (const step of beforeSteps(come)) {
    const replaced = earlier.get(step.about);
    undo.add(() => (replaced === undefined ? step.undo() : replaced.run()));
    await step.run();
  }
  for (const step of afterSteps(gone).reverse()) {
    undo.add(() => step.run(running.cell));
    await step.undo();
  }
  const both = [...had, ...has];
  await changeRules(had, both);
  for (const step of gone.flatMap((plan) => cellSteps([plan]).reverse())) await plug(step.undo, step.op);
  for (const step of cellSteps(come)) await plug(step.op, step.undo);
  await changeRules(both, has);
  for (const step of afterSteps(come)) {
    undo.add(() => step.undo());
    await step.run(running.cell);
  }
  undo.keep();
  const kept = new Set(beforeSteps(come).map(({ about }) => about));
  for (const step of beforeSteps(gone).reverse()) if (!kept.has(step.about)) await step.undo();
}
